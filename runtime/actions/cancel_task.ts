/**
 * Cancels one task of a run: running instances are killed and fail, waiting instances are
 * skipped, and the run goes on.
 */
import { DagsmithError } from "../../sdk/errors.ts";
import { completeTries } from "../engine/results/complete_tries.ts";
import { audit } from "../store/access/audit.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { unfinishedOfTask } from "../store/instances/instance_states.ts";
import { runById } from "../store/runs/dag_run.ts";
import { runEngineTransaction } from "../transactions/engine_tx.ts";
import { afterTransaction } from "../transactions/run_ends.ts";
import { stateCounts } from "./state_counts.ts";

export interface CancelTaskRequest {
  /** The run's number. */
  readonly id: number;
  readonly taskId: string;
  /** One instance of a mapped task. Default: all of them. */
  readonly mapIndex?: number;
  readonly actor: string;
  readonly reason?: string;
}

/**
 * Cancels a task that has started or may start. A running try gets the abort signal
 * within two seconds. If it does not stop, it is killed with its child processes.
 * Downstream tasks follow their trigger rules.
 * @returns how many instances it stopped
 * @throws DagsmithError UNKNOWN_RUN, TASK_NOT_ACTIVE
 */
export async function cancelTask(
  db: Database,
  { id, taskId, mapIndex, actor, reason }: CancelTaskRequest,
): Promise<number> {
  const why = `cancelled by ${actor}${reason ? `: ${reason}` : ""}`;
  const plans = new Plans();
  const completed = await runEngineTransaction(db, plans, async (tx, on) => {
    await tx.lockRuns([id]);
    const run = await runById(on, id);
    if (!run) throw new DagsmithError("UNKNOWN_RUN", { run: id });
    const active = await unfinishedOfTask(on, id, taskId, mapIndex ?? null);
    if (active.length === 0)
      throw new DagsmithError("TASK_NOT_ACTIVE", { task: taskId, run: run.runId });
    const ends = active.map((one) => ({
      ...one,
      workerId: "",
      outcome: { kind: "cancelled", state: one.state, reason: why } as const,
    }));
    const completed = await completeTries(tx, ends);
    const detail = { task: taskId, mapIndex: mapIndex ?? null, reason: reason ?? null };
    const change = {
      before: stateCounts(active.map(({ state }) => state)),
      after: stateCounts(active.map(({ state }) => (state === "running" ? "failed" : "skipped"))),
    };
    const entry = { actor, dagId: run.dagId, runId: run.runId, detail };
    await audit(on, { ...entry, action: "cancel task", ...change });
    return completed;
  });
  await afterTransaction(db, plans, completed);
  return completed.accepted.size;
}
