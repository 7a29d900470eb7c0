/**
 * Drives a run by hand over either store: which instances may be taken, take one, end it.
 * No worker, no process: only the engine and what it wrote.
 */

import { triggerRun } from "../../runtime/actions/trigger.ts";
import { beginRuns } from "../../runtime/engine/advance/begin_runs.ts";
import { MemoryStore, type MemoryWait } from "../../runtime/engine/memory/store.ts";
import { isGroup } from "../../runtime/engine/plan/plan.ts";
import { planOf } from "../../runtime/engine/plan/plan_of.ts";
import {
  type CompletionResult,
  completeTries,
} from "../../runtime/engine/results/complete_tries.ts";
import type { Outcome, TryEnd } from "../../runtime/engine/results/outcome.ts";
import type { RunDates } from "../../runtime/engine/store.ts";
import { endWaits } from "../../runtime/scheduler/jobs/end_waits.ts";
import type { RunState } from "../../runtime/state/run_state.ts";
import type { TaskState } from "../../runtime/state/task_state.ts";
import { start } from "../../runtime/state/transition.ts";
import { Plans } from "../../runtime/store/dags/plans.ts";
import type { Database, Queryable } from "../../runtime/store/database/database.ts";
import { startTries } from "../../runtime/store/instances/start_tries.ts";
import { endOfWait } from "../../runtime/testing/time.ts";
import { runEngineTransaction } from "../../runtime/transactions/engine_tx.ts";
import type { Json } from "../../sdk/json.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { known, registeredWorker, rows } from "./migrated.ts";

export const WORKER = "worker-1";

/** An instance as the tests see it. */
export interface Seen {
  readonly id: number;
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly state: TaskState;
  readonly tryNumber: number;
  readonly lostTries: number;
  readonly clearedTries: number;
  readonly item: Json;
  readonly reason: string | null;
  /** A group between two tries: no worker takes it. */
  readonly isGroupInWait: boolean;
}

export interface Snapshot {
  readonly run: RunState;
  readonly openTasks: number;
  readonly instances: readonly Seen[];
}

/** One run in one store. */
export interface Driver {
  look(): Promise<Snapshot>;
  /** Tokens handed to the queue so far, as `instance#try`. */
  tokens(): Promise<readonly string[]>;
  /** @returns whether the worker got it */
  take(
    instance: { readonly id: number; readonly tryNumber: number },
    worker?: string,
  ): Promise<boolean>;
  complete(ends: readonly TryEnd[]): Promise<CompletionResult>;
  /** Lets the time of everything that waits come. */
  passTime(): Promise<void>;
}

/** Begins a run of a DAG. */
export type BeginRun = (spec: DagSpec) => Promise<Driver>;

/** @param dates of the run. Default: those of a run by hand */
export const beginInMemory = async (
  spec: DagSpec,
  dates: Partial<RunDates> = {},
): Promise<Driver> => {
  const store = new MemoryStore(planOf(spec), dates);
  const tokens: string[] = [];
  await beginRuns(store, [store.run]);
  return {
    look: async () => ({
      run: store.run.state,
      openTasks: store.run.openTasks,
      instances: store.instances.map((one) => ({
        ...one,
        isGroupInWait:
          one.state === "up_for_retry" && isGroup(store.run.plan.tasks.get(one.taskId)!.spec),
      })),
    }),
    tokens: async () => {
      for (let token = store.takeJob(); token; token = store.takeJob())
        tokens.push(`${token.instanceId}#${token.tryNumber}`);
      return tokens;
    },
    take: async ({ id, tryNumber }, worker = WORKER) =>
      (await store.apply([start({ instanceId: id, tryNumber }, worker)])).length > 0,
    complete: (ends) => completeTries(store, ends),
    passTime: async () => {
      const all: MemoryWait[] = [];
      for (let over = store.takeWait(); over; over = store.takeWait()) all.push(over);
      const ends: TryEnd[] = [];
      for (const over of all) {
        const { runId, taskId, mapIndex, lostTries } = store.instance(over.instanceId)!;
        const end = {
          instanceId: over.instanceId,
          tryNumber: over.tryNumber,
          lostTries,
          runId,
          taskId,
          mapIndex,
          workerId: "",
        };
        if (over.wait.kind === "poke") await store.wakeSensor(over);
        else ends.push({ ...end, outcome: timeOutOf(over.wait) });
      }
      // Together, as a scheduler ends all waits that are due.
      await completeTries(store, ends);
    },
  };
};

/** In memory, people answer and called runs end before their time is up. */
function timeOutOf(wait: MemoryWait["wait"]): Outcome {
  if (wait.kind !== "ask" && wait.kind !== "call") return endOfWait(wait, {});
  const output = wait.ask?.otherwise ?? null;
  return output === null
    ? { kind: "wait_timed_out", to: "failed", reason: "its time is up" }
    : { kind: "resumed", output };
}

export function beginInPostgres(database: { readonly db: Database }): BeginRun {
  const plans = new Plans();
  return async (spec) => {
    const { db } = database;
    await known(db, spec);
    const { id } = await triggerRun(db, { dagId: spec.dagId, actor: "test" });
    return driverOf(db, plans, id);
  };
}

/**
 * Only a worker with a row may take a try. One that a test has not registered has a row
 * within the transaction, which no other transaction sees.
 */
function asWorker<Result>(
  db: Database,
  id: string,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> {
  return db.transaction(async (tx) => {
    const isNew = await registeredWorker(tx, id);
    const result = await work(tx);
    if (isNew) await rows(tx, "delete from dagsmith.worker where id = $1", [id]);
    return result;
  });
}

/** Drives a run that exists. */
export function driverOf(db: Database, plans: Plans, id: number): Driver {
  return {
    look: async () => {
      const [run] = await rows<{ state: RunState; open_tasks: number }>(
        db,
        "select state, open_tasks from dagsmith.dag_run where id = $1",
        [id],
      );
      const instances = await rows<Seen & Record<string, unknown>>(
        db,
        `select id, run_id as "runId", task_id as "taskId", map_index as "mapIndex", state, try_number as "tryNumber",
           lost_tries as "lostTries", cleared_tries as "clearedTries", item, reason,
           exists (select from dagsmith.task_wait w where w.task_instance_id = t.id and w.kind = 'group_retry') as "isGroupInWait"
         from dagsmith.task_instance t where run_id = $1 order by id`,
        [id],
      );
      return { run: run!.state, openTasks: run!.open_tasks, instances };
    },
    tokens: async () =>
      (
        await rows<{ token: string }>(
          db,
          `select (payload ->> 'ti') || '#' || (payload ->> 'try') as token
           from dagsmith_queue._private_jobs j join dagsmith.task_instance t on t.id = (payload ->> 'ti')::bigint
           where t.run_id = $1 order by j.id`,
          [id],
        )
      ).map(({ token }) => token),
    take: async ({ id: instanceId, tryNumber }, worker = WORKER) =>
      asWorker(db, worker, async (tx) => {
        const moved = await startTries(tx, worker, [{ instanceId, tryNumber }]);
        return moved.length > 0;
      }),
    complete: (ends) => runEngineTransaction(db, plans, (tx) => completeTries(tx, ends)),
    passTime: async () => {
      await rows(
        db,
        "update dagsmith.task_wait set due_at = now() where run_id = $1 and due_at > now()",
        [id],
      );
      await endWaits(db, plans);
    },
  };
}

export const success = (output?: unknown): Outcome => ({
  kind: "success",
  output: output === undefined ? null : JSON.stringify(output),
});
export const skipped: Outcome = { kind: "skipped", reason: "nothing to do" };
export const lost: Outcome = { kind: "lost", reason: "the worker died" };
export const failed = (retryable = true): Outcome => ({
  kind: "failed",
  reason: "Error: no",
  error: null,
  retryable,
});

/** The end of the try that an instance is at. */
export function endOf(instance: Seen, outcome: Outcome, workerId = WORKER): TryEnd {
  const { id, tryNumber, lostTries, clearedTries, runId, taskId, mapIndex } = instance;
  return {
    instanceId: id,
    tryNumber,
    lostTries,
    clearedTries,
    runId,
    taskId,
    mapIndex,
    workerId,
    outcome,
  };
}

/**
 * How each try ends: by task id, then try number from 1. What is not listed succeeds
 * without an output.
 */
export type Script = (instance: Seen) => Outcome;

/**
 * By `id[index]#try`, `id#try`, `id[index]` or `id`, the first that is there. What is not
 * named succeeds.
 */
export const scripted =
  (outcomes: Readonly<Record<string, Outcome>>): Script =>
  ({ taskId, mapIndex, tryNumber }) =>
    outcomes[`${taskId}[${mapIndex}]#${tryNumber}`] ??
    outcomes[`${taskId}#${tryNumber}`] ??
    outcomes[`${taskId}[${mapIndex}]`] ??
    outcomes[taskId] ??
    success();

/** The list 0, 1, … */
export const listOf = (count: number): Outcome => success([...Array(count).keys()]);

export const runnable = ({ instances }: Snapshot): readonly Seen[] =>
  instances.filter(
    ({ state, isGroupInWait }) =>
      state === "queued" || (state === "up_for_retry" && !isGroupInWait),
  );

export interface PlayOptions {
  /** Which of the runnable instances is taken next. Default: the first. */
  readonly pick?: (among: readonly Seen[]) => Seen;
  /** Called after every end. */
  readonly watch?: (snapshot: Snapshot) => void;
}

/** Takes and ends tries, one after the other, until nothing can be taken. */
export async function play(
  driver: Driver,
  script: Script = () => success(),
  { pick = ([first]) => first!, watch }: PlayOptions = {},
): Promise<Snapshot> {
  for (;;) {
    const before = await driver.look();
    watch?.(before);
    const choice = runnable(before);
    if (choice.length === 0) return before;
    const next = pick(choice);
    if (!(await driver.take(next))) throw new Error(`${next.taskId} could not be taken`);
    const { accepted } = await driver.complete([endOf(next, script(next))]);
    if (!accepted.has(next.id)) throw new Error(`the end of ${next.taskId} was refused`);
  }
}

/** States by task, mapped ones as `task[0]`. */
export function statesOf({ instances }: Snapshot): Record<string, TaskState> {
  return Object.fromEntries(
    instances.map(({ taskId, mapIndex, state }) => [
      mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`,
      state,
    ]),
  );
}
