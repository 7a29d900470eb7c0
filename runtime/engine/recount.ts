/**
 * The counts of a run, told from its instances alone. While a run moves, its counts are kept by adding; when instances are cleared or marked
 * they are made anew, so that nobody has to know what an instance had added to which count.
 */
import type { TaskSpec } from "../../sdk/spec.ts";
import type { RunProgress } from "../state/run_state.ts";
import type { FinalState, TaskState } from "../state/task_state.ts";
import { added, COUNT_OF, NOTHING, totalOf } from "./counts.ts";
import { countsAsFailure } from "./leaves.ts";
import { isLimited } from "./limits.ts";
import { loopState } from "./loop.ts";
import { isLoop, type PlannedTask } from "./plan.ts";
import type { Counts, LockedRun, Progress } from "./store.ts";

/** How many instances of a task are in one state. */
export interface StateCount {
  readonly taskId: string;
  /** False for the instance that stands for the task as a whole. */
  readonly isMapped: boolean;
  readonly state: TaskState;
  readonly count: number;
  /** Lowest map index among them. */
  readonly lowest: number;
}

/** What the instances of a run amount to. */
export interface Recount extends RunProgress {
  /** One row for each task of the plan, whether or not the plan counts it; `waiting`: items that wait for a place. */
  readonly rows: readonly (Progress & { readonly waiting: number })[];
}

/** What the instances of one task amount to. */
interface Own {
  /** Its rule has spoken. */
  readonly decided: boolean;
  /** Instances of a mapped task whose list is known; else null. */
  readonly instances: number | null;
  readonly released: number;
  /** Items that wait for a place. */
  readonly waiting: number;
  readonly counts: Counts;
  /** The same as the tasks after it see them, and of how many instances. */
  readonly seen: Counts;
  readonly width: number;
  readonly isClosed: boolean;
}

/** Instances in the state `none` count as not made yet. */
export function recount(run: Pick<LockedRun, "id" | "plan" | "isGloballyLimited">, states: readonly StateCount[]): Recount {
  const { plan } = run;
  const byTask = Map.groupBy(
    states.filter(({ state }) => state !== "none"),
    ({ taskId }) => taskId,
  );
  const own = new Map([...plan.tasks].map(([taskId, { spec }]) => [taskId, ownOf(spec, byTask.get(taskId) ?? [])]));
  const tasks = [...plan.tasks.values()];
  const closed = tasks.filter(({ spec }) => own.get(spec.taskId)?.isClosed);
  return {
    rows: tasks.map((task) => rowOf(run, task, own)),
    openTasks: tasks.length - closed.length,
    failedLeaves: closed.filter(({ spec, isLeaf }) => isLeaf && countsAsFailure(spec, own.get(spec.taskId)?.counts ?? NOTHING)).length,
    warnings: closed.filter(({ spec }) => spec.allowFailure && (own.get(spec.taskId)?.counts.failed ?? 0) > 0).length,
  };
}

function ownOf(spec: TaskSpec, all: readonly StateCount[]): Own {
  // Iterations that a loop had before it was cleared, and has not had again, are no part of it.
  const states = isLoop(spec) ? all.filter(({ state }) => state !== "removed") : all;
  const mapped = states.filter(({ isMapped }) => isMapped);
  const shown = mapped.length > 0 ? mapped : states;
  const total = shown.reduce((sum, { count }) => sum + count, 0);
  const counts = { ...NOTHING };
  for (const { state, count } of shown) if (isCounted(state)) counts[COUNT_OF[state]] += count;
  const ended = totalOf(counts);
  const waiting = mapped.find(({ state }) => state === "scheduled");
  return {
    decided: total > 0,
    instances: mapped.length > 0 ? total : null,
    released: waiting?.lowest ?? (mapped.length > 0 ? total : 0),
    waiting: waiting?.count ?? 0,
    counts,
    isClosed: total > 0 && ended === total,
    ...(isLoop(spec)
      ? { seen: seenFrom(spec, wholeOf(counts, total), false), width: 1 }
      : itemsSeen(spec, counts, { total, isMapped: mapped.length > 0, isClosed: total > 0 && ended === total })),
  };
}

/** Items that are left out count until their task has ended; a list of which nothing is left then counts as an empty one. */
function itemsSeen(
  spec: TaskSpec,
  counts: Counts,
  { total, isMapped, isClosed }: { readonly total: number; readonly isMapped: boolean; readonly isClosed: boolean },
): Pick<Own, "seen" | "width"> {
  if (!isMapped) return { seen: seenFrom(spec, counts, false), width: 1 };
  if (isClosed && counts.removed === total) return { seen: { ...NOTHING, skipped: 1 }, width: 1 };
  return { seen: seenFrom(spec, counts, true), width: isClosed ? total - counts.removed : total };
}

/** A loop as the one task that others see, once it has ended. */
function wholeOf(counts: Counts, iterations: number): Counts {
  const state = iterations > 0 ? loopState(counts, iterations) : undefined;
  return state === undefined ? NOTHING : { ...NOTHING, [COUNT_OF[state]]: 1 };
}

/** A failure that is allowed is as good as a success; items that are no more are not counted. */
function seenFrom({ allowFailure }: TaskSpec, counts: Counts, isMapped: boolean): Counts {
  const allowed = allowFailure ? { success: counts.success + counts.failed, failed: 0 } : {};
  return { ...counts, ...allowed, ...(isMapped && { removed: 0 }) };
}

function isCounted(state: TaskState): state is FinalState {
  return state in COUNT_OF;
}

function rowOf(run: Parameters<typeof recount>[0], { spec, route }: PlannedTask, own: ReadonlyMap<string, Own>): Recount["rows"][number] {
  const before = spec.upstream.flatMap((taskId) => own.get(taskId) ?? []);
  const mine = own.get(spec.taskId);
  return {
    runId: run.id,
    taskId: spec.taskId,
    upstreamTotal: before.reduce((sum, { width }) => sum + width, 0),
    upstream: before.reduce((sum, { seen }) => added(sum, seen), NOTHING),
    decided: mine?.decided ?? false,
    instances: mine?.instances ?? null,
    // Under other limits an item is let go by whoever gives places, and by nobody else.
    released: (isLimited(route, run) ? mine?.instances : mine?.released) ?? 0,
    waiting: mine?.waiting ?? 0,
    own: mine?.instances != null ? mine.counts : NOTHING,
  };
}
