/**
 * Ends the waits that are over: queues sensors for their next poke, and resumes tasks
 * that waited for a time, a run or an event. Every second, and as soon as the next wait
 * is due. Any number of schedulers may do this at once: one of them deletes the row of a
 * sensor, and the other moves are guarded by the state that they leave.
 */

import { completeTries } from "../../engine/results/complete_tries.ts";
import type { TryEnd } from "../../engine/results/outcome.ts";
import { GROUP_TIMED_OUT } from "../../engine/results/outcome.ts";
import type { Job } from "../../service/loop.ts";
import { waitText } from "../../state/wait.ts";
import type { Plans } from "../../store/dags/plans.ts";
import type { Database, Queryable } from "../../store/database/database.ts";
import { wakeSensors } from "../../store/instances/task_instance.ts";
import { lockFreeRuns } from "../../store/runs/dag_run.ts";
import { endQuestions } from "../../store/waits/question.ts";
import {
  type DueWait,
  deleteWaits,
  dueWaits,
  endedRunWaits,
  type FoundWait,
  nextWaitInMs,
} from "../../store/waits/task_wait.ts";
import { grantSlots, runEngineTransaction } from "../../transactions/engine_tx.ts";
import { afterTransaction } from "../../transactions/run_ends.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

/** Waits ended in one transaction. */
const BATCH = 1_000;

/**
 * Ends every wait that is over, except in runs that another transaction holds.
 * @returns how many there were
 */
export async function endWaits(db: Database, plans: Plans): Promise<number> {
  let ended = 0;
  for (;;) {
    const woken = await wakeSensors(db, BATCH);
    const due = await endDueWaits(db, plans);
    ended += woken.count + due;
    if (woken.asking > 0) await grantSlots(db, plans);
    if (woken.count < BATCH && due < BATCH) break;
  }
  const runs = (await endedRunWaits(db)).map((wait) => ({ wait, outcome: outcomeOfRun(wait) }));
  for (let from = 0; from < runs.length; from += BATCH)
    ended += await endRunWaits(db, plans, runs.slice(from, from + BATCH));
  return ended;
}

export const endWaitsJob = ({ db, plans }: JobContext): Job => ({
  name: "end_waits",
  everyMs: OFTEN_MS,
  runOnce: () => endWaits(db, plans),
  nextInMs: () => nextPassInMs(db),
});

/**
 * Pause before a pass for waits that are due and were left: another transaction holds
 * them.
 */
const LEFT_MS = 100;

async function nextPassInMs(db: Database): Promise<number | null> {
  const ms = await nextWaitInMs(db);
  return ms !== null && ms <= 0 ? LEFT_MS : ms;
}

/** A wait that is over, and how it ended. */
interface EndedWait {
  readonly wait: FoundWait;
  readonly outcome: TryEnd["outcome"];
}

async function endDueWaits(db: Database, plans: Plans): Promise<number> {
  // Nearly always there is none, and no transaction is needed to see that.
  if ((await dueWaits(db, 1)).length === 0) return 0;
  return completeWaits(db, plans, async (on) =>
    (await dueWaits(on, BATCH)).map((wait) => ({ wait, outcome: outcomeOfDue(wait) })),
  );
}

function endRunWaits(db: Database, plans: Plans, ended: readonly EndedWait[]): Promise<number> {
  return completeWaits(db, plans, async (on) => {
    const free = await lockFreeRuns(on, [...new Set(ended.map(({ wait }) => wait.runId))]);
    return ended.filter(({ wait }) => free.has(wait.runId));
  });
}

/** @param find the waits, whose runs it locks. @returns how many it found */
async function completeWaits(
  db: Database,
  plans: Plans,
  find: (on: Queryable) => Promise<readonly EndedWait[]>,
): Promise<number> {
  const { count, completed } = await runEngineTransaction(db, plans, async (tx, on) => {
    const ended = await find(on);
    const completed = await completeTries(tx, ended.map(endOf));
    await deleteWaits(
      on,
      ended.map(({ wait }) => wait),
    );
    await endQuestions(
      on,
      ended.flatMap(({ wait }) => (wait.kind === "ask" ? [wait] : [])),
    );
    return { count: ended.length, completed };
  });
  await afterTransaction(db, plans, completed);
  return count;
}

/** The end of a wait as a result for the engine; no worker holds the instance. */
function endOf({ wait, outcome }: EndedWait): TryEnd {
  const { instanceId, tryNumber, lostTries, clearedTries } = wait;
  const { runId, taskId, mapIndex, elapsedMs } = wait;
  return {
    instanceId,
    tryNumber,
    lostTries,
    clearedTries,
    runId,
    taskId,
    mapIndex,
    elapsedMs,
    workerId: "",
    outcome,
  };
}

function outcomeOfDue(wait: DueWait): TryEnd["outcome"] {
  if (wait.kind === "time") return { kind: "resumed", output: null };
  if (wait.kind === "group_retry") return { kind: "group_retry_due" };
  if (wait.kind === "group_timeout") return GROUP_TIMED_OUT;
  const output = wait.sent ?? wait.otherwise;
  if (output !== null) return { kind: "resumed", output };
  return {
    kind: "wait_timed_out",
    to: wait.softFail ? "skipped" : "failed",
    reason:
      wait.kind === "call"
        ? `${waitedFor(wait)} took longer than the timeout`
        : `${waitedFor(wait)} did not come within the timeout`,
  };
}

function outcomeOfRun(wait: Awaited<ReturnType<typeof endedRunWaits>>[number]): TryEnd["outcome"] {
  const { verdict, awaitedRunId } = wait;
  if (verdict === "success")
    return { kind: "resumed", output: JSON.stringify({ runId: awaitedRunId }) };
  return {
    kind: "wait_timed_out",
    to: verdict,
    reason: `${waitedFor(wait)} ended as ${verdict} (${awaitedRunId})`,
  };
}

function waitedFor({ kind, event, awaitedDagId: dagId, awaitedTaskId: taskId }: FoundWait): string {
  return waitText({ kind, event, dagId, taskId });
}
