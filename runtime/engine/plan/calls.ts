/** Which calls are allowed, whatever runs them: a worker, or `dag test`. Pure. */
import { DagsmithError } from "../../../sdk/errors.ts";

/** Most calls from the first run to the last. More are nearly always a mistake. */
const MOST_CALLS = 10;

/**
 * The DAGs whose runs led to the run of a called DAG.
 * @param chain the DAGs whose runs led to the run that calls
 * @throws DagsmithError CALL_CIRCLE, CALL_TOO_DEEP
 */
export function chainOfCall(
  chain: readonly string[],
  caller: string,
  called: string,
): readonly string[] {
  const longer = [...chain, caller];
  const path = [...longer, called].join(" -> ");
  if (longer.includes(called)) throw new DagsmithError("CALL_CIRCLE", { dag: called, path });
  if (longer.length <= MOST_CALLS) return longer;
  const depth = longer.length - 1;
  throw new DagsmithError("CALL_TOO_DEEP", { dag: called, depth, path, most: MOST_CALLS });
}
