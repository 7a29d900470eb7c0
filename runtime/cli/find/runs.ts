/** Finds the run that a user names. */
import { DagsmithError } from "../../../sdk/errors.ts";
import { dagIds } from "../../store/dags/dag.ts";
import type { Queryable } from "../../store/database/database.ts";
import { findRuns, type RunDetail } from "../../store/reads/runs.ts";
import { wrongUsage } from "../command.ts";
import { unknownDag } from "./dags.ts";

/** How a command's help explains `<run>`. */
export const RUN_NAMES = "<run> is its number, its run id, or dag/run_id. `dag runs` shows them.";

/**
 * @param name the run's number, its run id, or dag/run_id
 * @throws DagsmithError UNKNOWN_RUN; INVALID_ARGUMENT when several DAGs have a run of
 *   this run id
 */
export async function needRun(db: Queryable, name: string): Promise<RunDetail> {
  const [run, ...others] = await findRuns(db, name);
  if (!run) throw new DagsmithError("UNKNOWN_RUN", { run: name });
  if (others.length === 0) return run;
  const choices = [run, ...others].map(({ dagId, runId }) => `${dagId}/${runId}`);
  return wrongUsage(
    "<run>",
    `several DAGs have a run "${name}"; write one of ${choices.join(", ")}`,
  );
}

/**
 * @throws DagsmithError UNKNOWN_DAG, with the most similar name, unless the DAG exists
 */
export async function needDag(db: Queryable, dagId: string): Promise<void> {
  const { getDag } = await import("../../store/reads/dags.ts");
  if (!(await getDag(db, dagId))) throw unknownDag(dagId, await dagIds(db));
}
