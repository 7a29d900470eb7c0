/**
 * Every statement that moves instances, tried on one instance in each state: exactly
 * those move that its verb may move, and each gets the columns of its new state.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { UNROUTED } from "../../../runtime/engine/limits/limits.ts";
import type { NewInstance } from "../../../runtime/engine/store.ts";
import {
  type FinalState,
  isFinal,
  MARKS,
  TASK_STATES,
  type TaskState,
  type TryRef,
} from "../../../runtime/state/task_state.ts";
import {
  FIRST_STATES,
  TASK_VERBS,
  type TaskVerb,
  type Verb,
} from "../../../runtime/state/task_verbs.ts";
import type { Transition } from "../../../runtime/state/transition.ts";
import * as transitions from "../../../runtime/state/transition.ts";
import { nextPoke, waitOf } from "../../../runtime/state/wait.ts";
import { getDag } from "../../../runtime/store/dags/dag.ts";
import type { Queryable } from "../../../runtime/store/database/database.ts";
import { applyTransitions } from "../../../runtime/store/instances/apply_transitions.ts";
import {
  beginGroups,
  removeWithin,
  reopenGroupsOf,
} from "../../../runtime/store/instances/group_instance.ts";
import {
  removeLeftOver,
  requeueItems,
  reviveInstances,
} from "../../../runtime/store/instances/recreate.ts";
import { startTries } from "../../../runtime/store/instances/start_tries.ts";
import {
  insertInstances,
  releaseInstances,
  wakeSensors,
} from "../../../runtime/store/instances/task_instance.ts";
import { markGranted, requestSlots } from "../../../runtime/store/limits/slot_request.ts";
import { insertWaiting, putWaits } from "../../../runtime/store/waits/task_wait.ts";
import { known, migratedDatabase, registeredWorker, rows } from "../../support/migrated.ts";
import { dagSpec, Rows } from "../../support/rows.ts";

const postgres = migratedDatabase();
const way = { queue: null, weight: 1, reservations: null };
const error = { name: "Error", message: "no", stack: "" };
const event = waitOf({ type: "event", name: "go", timeoutMs: 60_000, softFail: false });

beforeAll(async () => {
  await known(postgres.db, dagSpec("moves"));
  await registeredWorker(postgres.db, "w");
});

async function newRun(): Promise<number> {
  const { versionId } = (await getDag(postgres.db, "moves"))!;
  return new Rows(postgres.db.pool).run("moves", versionId, { state: "running" });
}

/** The times that `now()` did not write. */
const BEFORE = { startedAt: new Date("2026-01-01"), tookMs: 0 };

/** One instance of the task `x` in each state, at the map index of the state. */
async function inEveryState(worker: string): Promise<{ runId: number; refs: readonly TryRef[] }> {
  const runId = await newRun();
  const made = await new Rows(postgres.db.pool).instances(
    TASK_STATES.map((state, mapIndex) => ({
      ...{ runId, taskId: "x", state, mapIndex, workerId: worker, ...BEFORE },
    })),
  );
  return { runId, refs: made.map((instanceId) => ({ instanceId, tryNumber: 1 })) };
}

interface Row extends Record<string, unknown> {
  readonly at: number;
  readonly state: TaskState;
  /** Another after each write of the row. */
  readonly written: string;
  /** Columns that are null, that now() wrote, and that are as they were. */
  readonly columns: Readonly<Record<string, "null" | "now" | "kept">>;
}

const COLUMNS = ["worker_id", "queued_at", "started_at", "first_started_at", "finished_at"];

function instances(on: Queryable, runId: number): Promise<readonly Row[]> {
  const columns = [...COLUMNS, "retry_at"].map((name) => {
    const isKept = name === "worker_id" ? "true" : `${name} = '${BEFORE.startedAt.toISOString()}'`;
    return `'${name}', case when ${name} is null then 'null' when ${isKept} then 'kept' else 'now' end`;
  });
  return rows<Row>(
    on,
    `select map_index as at, state, xmin::text as written,
       json_build_object(${columns.join(", ")}) as columns
     from dagsmith.task_instance where run_id = $1 and task_id = 'x' order by map_index`,
    [runId],
  );
}

/** The rows that a statement moved, each with the state that it left. */
async function movedBy(
  work: (of: { runId: number; refs: readonly TryRef[] }) => Promise<unknown>,
  worker = "w",
): Promise<readonly (Row & { readonly from: TaskState })[]> {
  const made = await inEveryState(worker);
  const before = await instances(postgres.db, made.runId);
  await work(made);
  const after = await instances(postgres.db, made.runId);
  return after.flatMap((row, index) =>
    row.written === before[index]!.written ? [] : [{ ...row, from: before[index]!.state }],
  );
}

/** What the columns of a row in each state must be; absent: any. `set`: not null. */
const HAS: Readonly<Record<TaskState, Readonly<Record<string, "null" | "now" | "set">>>> = {
  none: {
    ...{ queued_at: "null", started_at: "null", first_started_at: "null" },
    ...{ worker_id: "null", finished_at: "null", retry_at: "null" },
  },
  scheduled: { worker_id: "null", finished_at: "null", retry_at: "null" },
  queued: { queued_at: "now", worker_id: "null", finished_at: "null", retry_at: "null" },
  running: {
    ...{ started_at: "set", first_started_at: "set", worker_id: "set" },
    ...{ finished_at: "null", retry_at: "null" },
  },
  up_for_retry: {
    ...{ queued_at: "now", retry_at: "set" },
    ...{ started_at: "null", worker_id: "null", finished_at: "null" },
  },
  up_for_reschedule: { worker_id: "null", finished_at: "null", retry_at: "null" },
  deferred: { queued_at: "set", worker_id: "null", finished_at: "null", retry_at: "null" },
  success: { finished_at: "now", retry_at: "null" },
  failed: { finished_at: "now", retry_at: "null" },
  skipped: { finished_at: "now", retry_at: "null" },
  upstream_failed: { finished_at: "now", retry_at: "null" },
  removed: { finished_at: "now", retry_at: "null" },
};

/** @param moved rows with the state that they left; without one they are new */
function expectColumns(moved: readonly (Row & { readonly from?: TaskState | undefined })[]): void {
  for (const { state, from, columns } of moved)
    for (const [name, given] of Object.entries(HAS[state])) {
      // What had ended before keeps its end.
      const keepsEnd = name === "finished_at" && from && isFinal(from) && isFinal(state);
      const value = keepsEnd ? "kept" : given;
      const isMet = value === "set" ? columns[name] !== "null" : columns[name] === value;
      expect(isMet, `${name} of ${state} is ${columns[name]}, not ${value}`).toBe(true);
    }
}

function instance(runId: number, state: NewInstance["state"], mapIndex: number): NewInstance {
  const blank = { item: null, reason: null, error: null, route: UNROUTED };
  return { runId, taskId: "x", mapIndex, state, ...blank };
}

const RANGE = { taskId: "x", from: 0, to: 100 };
const everywhere = (runId: number, state: NewInstance["state"]): readonly NewInstance[] =>
  TASK_STATES.map((_, at) => instance(runId, state, at));
const jobs = (refs: readonly TryRef[]) =>
  refs.map((ref) => ({
    ...ref,
    inMs: 0,
    route: { ...UNROUTED, reservations: [{ name: "p", slots: 1, perMs: null, limit: null }] },
  }));

/** Each statement that moves many instances. */
const SETS: readonly (readonly [
  TaskVerb,
  string,
  (of: { runId: number; refs: readonly TryRef[] }) => Promise<unknown>,
])[] = [
  ...(["queued", "running", "skipped"] as const).map(
    (state) =>
      [
        "recreate",
        `as ${state}`,
        ({ runId }: { runId: number }) => reviveInstances(postgres.db, everywhere(runId, state)),
      ] as const,
  ),
  [
    "recreate",
    "with a wait",
    ({ runId }) =>
      insertWaiting(
        postgres.db,
        everywhere(runId, "deferred").map((one) => ({ ...one, wait: event })),
      ),
  ],
  [
    "release",
    "",
    ({ runId }) => releaseInstances(postgres.db, [{ ...RANGE, runId, route: UNROUTED }]),
  ],
  [
    "grant",
    "",
    async ({ refs }) => {
      await requestSlots(postgres.db, jobs(refs) as never);
      await markGranted(
        postgres.db,
        refs.map(({ instanceId }) => instanceId),
        [],
      );
    },
  ],
  ...[null, '[{"name":"p","slots":1}]'].map(
    (reservations) =>
      [
        "wake",
        reservations ? "with limits" : "",
        async ({ refs }: { refs: readonly TryRef[] }) => {
          const wait = nextPoke({ at: null, inMs: 0 }, { ...way, reservations });
          await putWaits(
            postgres.db,
            refs.map(({ instanceId: id }) => ({ id, wait })),
          );
          await wakeSensors(postgres.db, 100);
        },
      ] as const,
  ),
  ["beginGroup", "", ({ runId }) => beginGroups(postgres.db, { ...RANGE, runId }, undefined)],
  [
    "requeueItem",
    "",
    ({ refs }) =>
      requeueItems(
        postgres.db,
        refs.map(({ instanceId }) => instanceId),
      ),
  ],
  [
    "reopenGroup",
    "",
    ({ refs }) =>
      reopenGroupsOf(
        postgres.db,
        refs.map(({ instanceId }) => ({ instanceId, member: "x" })),
      ),
  ],
  ["start", "", ({ refs }) => startTries(postgres.db, "w", refs)],
  [
    "removeSurplus",
    "of a task",
    ({ runId }) => removeLeftOver(postgres.db, [instance(runId, "queued", 0)]),
  ],
  [
    "removeSurplus",
    "within a group",
    ({ runId }) => removeWithin(postgres.db, [{ runId, group: "g", taskId: "x" }]),
  ],
];

describe("of instances in every state, exactly those move that the verb may move", () => {
  test.each(SETS)("%s %s", async (verb, _, work) => {
    const moved = await movedBy(work);
    const { from, to }: Verb = TASK_VERBS[verb];
    expect(moved.map((row) => row.from)).toEqual(TASK_STATES.filter((one) => from.includes(one)));
    expect(to).toEqual(expect.arrayContaining(moved.map(({ state }) => state)));
    // None of these verbs marks: an instance that is created again has a new end.
    expectColumns(moved.map((row) => ({ ...row, from: undefined })));
  });

  test("the statements cover every verb that moves many", () => {
    const single = new Set(SINGLE.map(([, make]) => make({ instanceId: 1, tryNumber: 1 }).verb));
    const all = Object.keys(TASK_VERBS).filter((verb) => verb !== "create");
    expect(new Set([...SETS.map(([verb]) => verb), ...single])).toEqual(new Set(all));
  });
});

const SINGLE: readonly (readonly [name: string, make: (ref: TryRef) => Transition])[] = [
  ["succeed", (ref) => transitions.succeed(ref, "w")],
  ["skip", (ref) => transitions.skip(ref, "w", "why")],
  ["filterOut", (ref) => transitions.filterOut(ref, "w", "why")],
  ["fail", (ref) => transitions.fail(ref, "w", "why", error)],
  ["retry", (ref) => transitions.retry(ref, "w", 1, "why", error)],
  ["retryGroup", (ref) => transitions.retryGroup(ref, undefined)],
  ["timeOutGroup", (ref) => transitions.timeOutGroup(ref, "why")],
  ["reschedule", (ref) => transitions.reschedule(ref, "w", { at: null, inMs: 1 }, way)],
  ["wake", (ref) => transitions.wake(ref)],
  ["deferUntil", (ref) => transitions.deferUntil(ref, "w", event)],
  ["resume", (ref) => transitions.resume(ref)],
  ["failCall", (ref) => transitions.failCall(ref, "why", error)],
  ["retryCall", (ref) => transitions.retryCall(ref, 1, "why", error)],
  ["timeOutWait", (ref) => transitions.timeOutWait(ref, "failed", "why")],
  ["expire", (ref) => transitions.expire(ref, "why")],
  ["rescue", (ref) => transitions.rescue(ref, "w", "why")],
  ["rescue with limits", (ref) => transitions.rescue(ref, "w", "why", { isLimited: true })],
  ["failLost", (ref) => transitions.failLost(ref, "w", "why")],
  ["yieldForSlots", (ref) => transitions.yieldForSlots(ref, "w")],
  ["refuse", (ref) => transitions.refuse(ref, "why", error)],
  ["cancel", (ref) => transitions.cancel(ref, "running", "why")],
  ["skipPending", (ref) => transitions.cancel(ref, "queued", "why")],
  ["skipByDecision", (ref) => transitions.skipByDecision(ref, "why")],
  ["timeOut", (ref) => transitions.timeOut(ref, "why")],
  ...TASK_STATES.map(
    (state) =>
      [
        `clear of ${state}`,
        (ref: TryRef) => transitions.clear({ ...ref, state, began: true, wasQueued: true }),
      ] as const,
  ),
  ...MARKS.map((to) => [`mark ${to}`, (ref: TryRef) => transitions.mark(ref, to, "why")] as const),
];

describe("of single instances in every state, exactly those move that the transition may leave", () => {
  test.each(SINGLE)("%s", async (_, make) => {
    const { from, to, heldBy } = make({ instanceId: 1, tryNumber: 1 });
    const moved = await movedBy(
      ({ refs }) => applyTransitions(postgres.db, refs.map(make)),
      heldBy ?? "w",
    );
    expect(moved.map((row) => row.from)).toEqual(TASK_STATES.filter((one) => from.includes(one)));
    expect(moved.map(({ state }) => state)).toEqual(moved.map(() => to));
    expectColumns(moved);
  });
});

test.each(FIRST_STATES)("a new instance in %s has the columns of that state", async (state) => {
  const runId = await newRun();
  await insertInstances(postgres.db, [instance(runId, state, 0)]);
  await insertWaiting(postgres.db, [{ ...instance(runId, state, 1), wait: event }]);
  const made = await instances(postgres.db, runId);
  expect(made.map((row) => row.state)).toEqual([state, state]);
  expectColumns(made);
  expect(made[0]!.columns).toEqual(made[1]!.columns);
});

describe("the start of a try", () => {
  const startOf = async (work: (ref: TryRef) => Promise<unknown>, state: TaskState) => {
    const moved = await movedBy(({ refs }) => work(refs[TASK_STATES.indexOf(state)]!));
    const { started_at, first_started_at } = moved[0]!.columns;
    return [started_at, first_started_at];
  };
  const apply = (make: (ref: TryRef) => Transition) => (ref: TryRef) =>
    applyTransitions(postgres.db, [make(ref)]);

  test("is kept by a sensor between two pokes, however it is woken", async () => {
    const wake = async ({ instanceId: id }: TryRef) => {
      await putWaits(postgres.db, [{ id, wait: nextPoke({ at: null, inMs: 0 }, way) }]);
      await wakeSensors(postgres.db, 1_000);
    };
    expect(await startOf(wake, "up_for_reschedule")).toEqual(["kept", "kept"]);
    expect(await startOf(apply(transitions.wake), "up_for_reschedule")).toEqual(["kept", "kept"]);
  });

  test("is kept by a group that has to stop", async () => {
    const moved = await movedBy(
      ({ refs }) => apply((ref) => transitions.timeOutGroup(ref, "why"))(refs[3]!),
      "engine",
    );
    expect(moved[0]!.columns).toMatchObject({ started_at: "kept", first_started_at: "kept" });
  });

  test("is forgotten by the next try, which keeps that of the first one", async () => {
    const rescue = apply((ref) => transitions.rescue(ref, "w", "why"));
    expect(await startOf(rescue, "running")).toEqual(["null", "kept"]);
  });

  test("is forgotten by a task that only said its keys, as it has not begun", async () => {
    const yields = apply((ref) => transitions.yieldForSlots(ref, "w"));
    expect(await startOf(yields, "running")).toEqual(["null", "null"]);
  });
});

test("a mark keeps who ran the instance, when it started, and when it had ended", async () => {
  const mark = (to: FinalState) => (ref: TryRef) => transitions.mark(ref, to as "failed", "why");
  const moved = await movedBy(({ refs }) =>
    applyTransitions(postgres.db, refs.map(mark("failed"))),
  );
  const success = moved.find(({ from }) => from === "success")!;
  expect(success.columns).toMatchObject({
    ...{ worker_id: "kept", started_at: "kept", first_started_at: "kept", finished_at: "kept" },
  });
});
