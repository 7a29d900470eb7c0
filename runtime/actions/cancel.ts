/**
 * Cancels a run: running tasks are killed and fail, tasks that have not started are
 * skipped, and the run fails.
 */
import { DagsmithError } from "../../sdk/errors.ts";
import { audit } from "../store/access/audit.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { runById } from "../store/runs/dag_run.ts";
import { grantSlots, runEngineTransaction } from "../transactions/engine_tx.ts";
import { afterChange } from "../transactions/run_ends.ts";
import { stopRuns } from "../transactions/stop_runs.ts";

export interface CancelRequest {
  /** The run's number. */
  readonly id: number;
  readonly actor: string;
  readonly reason?: string;
}

/**
 * Cancels a run. Its running tasks get the abort signal within two seconds. Tasks that do
 * not stop are killed with their child processes.
 * @throws DagsmithError UNKNOWN_RUN, RUN_FINISHED
 */
export async function cancelRun(db: Database, { id, actor, reason }: CancelRequest): Promise<void> {
  const why = `cancelled by ${actor}${reason ? `: ${reason}` : ""}`;
  const plans = new Plans();
  const dagId = await runEngineTransaction(db, plans, async (tx, on) => {
    const [locked] = await tx.lockRuns([id]);
    const run = await runById(on, id);
    if (!run || !locked) throw new DagsmithError("UNKNOWN_RUN", { run: id });
    if ((await stopRuns(tx, on, [{ run: locked, reason: why }])).length === 0)
      throw new DagsmithError("RUN_FINISHED", { run: run.runId, state: run.state });
    await audit(on, {
      actor,
      action: "cancel",
      dagId: run.dagId,
      runId: run.runId,
      detail: { reason: reason ?? null },
      ...{ before: { state: locked.state }, after: { state: "failed" } },
    });
    return run.dagId;
  });
  await afterChange(db, plans, [dagId]);
  await grantSlots(db, plans);
}
