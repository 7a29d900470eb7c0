/** Errors about things that people name and that do not exist. */
import { DagsmithError } from "../../sdk/errors.ts";

/** UNKNOWN_DAG, for callers that know no better hint than where to look. */
export function unknownDag(dagId: string): DagsmithError {
  return new DagsmithError("UNKNOWN_DAG", { dag: dagId, hint: "List them with: dag list" });
}
