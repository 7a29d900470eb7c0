/** Tests a connection by its id, with its secrets hidden in the answer. */
import type { ConnectionResolver } from "../secrets/resolver.ts";
import type { ConnectionTypes, TestResult } from "./connection_types.ts";

/**
 * @throws DagsmithError CONNECTION_NOT_FOUND, UNKNOWN_CONNECTION_TYPE,
 *   CONNECTION_TYPES_FAILED, and those of the sources of secrets
 */
export async function testConnection(
  types: ConnectionTypes,
  secrets: Pick<ConnectionResolver, "connection" | "mask">,
  id: string,
): Promise<TestResult> {
  const { ok, line } = await types.test(await secrets.connection(id));
  return { ok, line: secrets.mask(line) };
}
