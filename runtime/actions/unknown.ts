/** Errors about names that do not exist. */
import { DagsmithError } from "../../sdk/errors.ts";

/** UNKNOWN_DAG, with a hint where to look, for callers without a better hint. */
export function unknownDag(dagId: string): DagsmithError {
  return new DagsmithError("UNKNOWN_DAG", { dag: dagId, hint: "List them with: dag list" });
}
