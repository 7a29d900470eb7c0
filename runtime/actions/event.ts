/**
 * Sends an event to a run. Its tasks wait for events with `waitForEvent`, now or later.
 */
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import { completeTries } from "../engine/results/complete_tries.ts";
import { audit } from "../store/access/audit.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { runById } from "../store/runs/dag_run.ts";
import { deleteWaits, putEvent, waitsForEvent } from "../store/waits/task_wait.ts";
import { runEngineTransaction } from "../transactions/engine_tx.ts";
import { afterTransaction } from "../transactions/run_ends.ts";

export interface SendEventRequest {
  /** The run's number. */
  readonly id: number;
  readonly name: string;
  /** Default null. */
  readonly value?: Json;
  readonly actor: string;
}

/**
 * Sends an event to an unfinished run. Tasks that wait for it resume with its value.
 * Tasks that start to wait later resume at once, with the value that was sent last.
 * @returns how many task instances resumed
 * @throws DagsmithError UNKNOWN_RUN, RUN_FINISHED, INVALID_ARGUMENT
 */
export async function sendEvent(
  db: Database,
  { id, name, value = null, actor }: SendEventRequest,
): Promise<number> {
  if (!/^[\w.-]{1,200}$/.test(name)) {
    throw new DagsmithError("INVALID_ARGUMENT", {
      argument: "event",
      reason: 'a name is 1 to 200 letters, digits, "_", "-" or "."',
    });
  }
  const plans = new Plans();
  const json = JSON.stringify(value);
  const completed = await runEngineTransaction(db, plans, async (tx, on) => {
    // Locked until the commit, so that a task that starts to wait meanwhile finds the
    // event, or is found here.
    await tx.lockRuns([id]);
    const run = await runById(on, id);
    if (!run) throw new DagsmithError("UNKNOWN_RUN", { run: id });
    if (run.state === "success" || run.state === "failed")
      throw new DagsmithError("RUN_FINISHED", { run: run.runId, state: run.state });
    await putEvent(on, id, name, json);
    const waits = await waitsForEvent(on, id, name);
    const completed = await completeTries(
      tx,
      waits.map((wait) => ({ ...wait, workerId: "", outcome: { kind: "resumed", output: json } })),
    );
    await deleteWaits(on, waits);
    await audit(on, {
      actor,
      action: "send event",
      dagId: run.dagId,
      runId: run.runId,
      detail: { event: name },
      after: { value },
    });
    return completed;
  });
  await afterTransaction(db, plans, completed);
  return completed.accepted.size;
}
