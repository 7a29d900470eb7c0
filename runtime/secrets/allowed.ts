/** Which connections the tasks of a DAG may ask for. Pure. */
import { DagsmithError } from "../../sdk/errors.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";

/**
 * Does nothing for a DAG without a list, whose tasks may ask for any connection.
 * @throws DagsmithError CONNECTION_NOT_ALLOWED
 */
export function assertAllowed(
  { dagId, connections }: Pick<DagSpec, "dagId" | "connections">,
  id: string,
): void {
  if (connections === undefined || connections.includes(id)) return;
  throw new DagsmithError("CONNECTION_NOT_ALLOWED", {
    ...{ id, dag: dagId },
    allowed: connections.length === 0 ? "none" : connections.join(", "),
  });
}
