/**
 * A recount of a run that shares no rule with the engine: it sums up the instances before
 * each task instead of counting ends. The tests hold the counters of the engine against
 * it.
 */
import {
  added,
  COUNT_OF,
  type Counts,
  NOTHING,
  totalOf,
} from "../../runtime/engine/counts/counts.ts";
import type { StateCount } from "../../runtime/engine/counts/instance_states.ts";
import { scopeOf as scopeIn, scopeKey } from "../../runtime/engine/counts/scope.ts";
import type { TaskCounter } from "../../runtime/engine/counts/task_counter.ts";
import { isLimited } from "../../runtime/engine/limits/limits.ts";
import {
  isGroup,
  isLoop,
  type Plan,
  type PlannedTask,
  plannedTask,
} from "../../runtime/engine/plan/plan.ts";
import type { LockedRun } from "../../runtime/engine/store.ts";
import type { RunProgress } from "../../runtime/state/run_state.ts";
import { type FinalState, isFinal, type TaskState } from "../../runtime/state/task_state.ts";
import type { UpstreamCounts } from "../../runtime/state/trigger_rule.ts";
import type { TaskSpec } from "../../sdk/spec/index.ts";

/** What the instances of a run amount to. */
export interface Recount extends RunProgress {
  /**
   * One row for each place of the plan, whether or not the plan counts it, but for those
   * of groups that have ended.
   */
  readonly rows: readonly RecountedRow[];
}

interface RecountedRow extends TaskCounter {
  /** Items that wait for a place. */
  readonly waiting: number;
  /** Whether it may be decided: it is the run's own, or its group runs. */
  readonly isOpen: boolean;
}

type CountedRun = Pick<LockedRun, "id" | "plan" | "isGloballyLimited">;

export function recount(run: CountedRun, states: readonly StateCount[]): Recount {
  const tally = new Tally(run.plan, states);
  const tasks = [...run.plan.tasks.values()];
  const tops = tasks
    .filter(({ spec }) => spec.parentGroup === undefined)
    .map((task) => ({ task, own: tally.own(task, -1) }));
  const closed = tops.filter(({ own }) => own.isClosed);
  const allowed = tasks
    .filter(({ spec }) => spec.allowFailure)
    .flatMap((task) => tally.places(task).map((at) => tally.own(task, at)));
  return {
    rows: tasks.flatMap((task) => rowsOf(run, task, tally)),
    openTasks: tasks.length - closed.reduce((sum, { task }) => sum + task.size, 0),
    failedLeaves: closed.filter(
      ({ task, own }) => task.isLeaf && countsAsFailure(task.spec, own.ends),
    ).length,
    warnings: allowed.filter(({ isClosed, counts }) => isClosed && counts.failed > 0).length,
  };
}

/** What the instances of each task, at each of its places, amount to. */
class Tally {
  readonly #plan: Plan;
  readonly #states: ReadonlyMap<string, readonly StateCount[]>;
  readonly #elements: ReadonlyMap<string, readonly number[]>;
  readonly #own = new Map<string, Own>();

  constructor(plan: Plan, states: readonly StateCount[]) {
    this.#plan = plan;
    const taskOf = ({ taskId }: StateCount): PlannedTask | undefined => plan.tasks.get(taskId);
    this.#states = Map.groupBy(states, (one) =>
      nameOf(one.taskId, taskOf(one)?.mappedGroup == null ? -1 : one.mapIndex),
    );
    const mapped = states.filter((one) => one.mapIndex >= 0 && taskOf(one)?.members.length);
    this.#elements = new Map(
      [...Map.groupBy(mapped, ({ taskId }) => taskId)].map(([taskId, of]) => [
        taskId,
        [...new Set(of.map((one) => one.mapIndex))],
      ]),
    );
  }

  /** Where a task is counted. */
  places({ mappedGroup }: PlannedTask): readonly number[] {
    return mappedGroup === null ? [-1] : this.elements(mappedGroup);
  }

  /** The elements of a mapped group, in no order. */
  elements(group: string): readonly number[] {
    return this.#elements.get(group) ?? [];
  }

  own({ spec, mappedGroup }: PlannedTask, mapIndex: number): Own {
    const name = nameOf(spec.taskId, mapIndex);
    const states = this.#states.get(name) ?? [];
    const own =
      this.#own.get(name) ??
      ownOf(
        spec,
        mappedGroup === null ? states : states.map((one) => ({ ...one, isMapped: false })),
      );
    this.#own.set(name, own);
    return own;
  }

  /** The state of a group where its tasks are at this place. */
  stateOf(group: PlannedTask, mapIndex: number): TaskState | undefined {
    const { taskId, each } = group.spec;
    if (each === null || group.mappedGroup !== null)
      return this.#states.get(nameOf(taskId, placeOf(group, mapIndex)))?.at(0)?.state;
    return this.#states.get(nameOf(taskId, -1))?.find((one) => one.mapIndex === mapIndex)?.state;
  }

  /** What the tasks of a group count for it. */
  membersOf({ members }: PlannedTask, mapIndex: number): Counts {
    const counts = { ...NOTHING };
    for (const member of members) {
      const task = plannedTask(this.#plan, member);
      const own = this.own(task, placeOf(task, mapIndex));
      if (own.isClosed) counts[endWithin(task, own.ends)] += 1;
    }
    return counts;
  }
}

function nameOf(taskId: string, mapIndex: number): string {
  return scopeKey({ runId: 0, taskId, mapIndex });
}

function rowsOf(run: CountedRun, task: PlannedTask, tally: Tally): readonly RecountedRow[] {
  const { spec, members, mappedGroup } = task;
  const blank = {
    runId: run.id,
    taskId: spec.taskId,
    upstreamTotal: 0,
    upstream: NOTHING,
    setups: null,
    inScope: null,
    decided: true,
    released: 0,
    waiting: 0,
  };
  const group =
    spec.parentGroup === undefined ? undefined : plannedTask(run.plan, spec.parentGroup);
  const places = tally.places(task);
  const rows = places.flatMap((mapIndex): readonly RecountedRow[] => {
    const state = group && tally.stateOf(group, mapIndex);
    // Of a group that has ended nothing was changed, or it would not have ended any more.
    if (state !== undefined && isFinal(state)) return [];
    return [{ ...rowOf(run, task, mapIndex, tally), isOpen: !group || state === "running" }];
  });
  if (mappedGroup !== null && places.length > 0) {
    const own = places.reduce((sum, at) => added(sum, tally.own(task, at).counts), NOTHING);
    return [
      ...rows,
      {
        ...blank,
        mapIndex: -1,
        own,
        instances: places.length,
        released: places.length,
        isOpen: false,
      },
    ];
  }
  if (!isGroup(spec) || spec.each === null) return rows;
  const elements = tally.elements(spec.taskId).flatMap((mapIndex): readonly RecountedRow[] => {
    const state = tally.stateOf(task, mapIndex);
    if (state !== undefined && isFinal(state)) return [];
    const own = tally.membersOf(task, mapIndex);
    return [{ ...blank, mapIndex, own, instances: members.length, isOpen: state === "running" }];
  });
  return [...rows, ...elements];
}

function rowOf(
  run: CountedRun,
  task: PlannedTask,
  mapIndex: number,
  tally: Tally,
): Omit<RecountedRow, "isOpen"> {
  const { spec, route } = task;
  const seenOf = (taskIds: readonly string[]): UpstreamCounts => {
    const all = taskIds.map((taskId) => tally.own(plannedTask(run.plan, taskId), mapIndex));
    const total = all.reduce((sum, { width }) => sum + width, 0);
    return { total, ...all.reduce((sum, { seen }) => added(sum, seen), NOTHING) };
  };
  const { total: upstreamTotal, ...upstream } = seenOf(spec.upstream);
  const mine = tally.own(task, mapIndex);
  const isOne = isGroup(spec) && spec.each === null;
  return {
    runId: run.id,
    taskId: spec.taskId,
    mapIndex,
    upstreamTotal,
    upstream,
    setups: task.setups.length > 0 ? seenOf(task.setups) : null,
    inScope: task.inScope.length > 0 ? seenOf(task.inScope) : null,
    decided: mine.decided,
    instances: mine.instances,
    // Under other limits only the granting of slots releases an item.
    released: (isLimited(route, run) ? mine.instances : mine.released) ?? 0,
    waiting: mine.waiting,
    own: isOne ? tally.membersOf(task, mapIndex) : mine.instances !== null ? mine.counts : NOTHING,
  };
}

/** How a loop ended; undefined while an iteration has not. */
function loopState(own: Counts, iterations: number): FinalState | undefined {
  if (totalOf(own) < iterations) return undefined;
  if (own.failed + own.upstreamFailed > 0) return "failed";
  return own.skipped > 0 ? "skipped" : "success";
}

/** As what a task that has ended counts for the group around it. */
function endWithin({ isLeaf, spec }: PlannedTask, ends: Counts): keyof Counts {
  if (!isLeaf) return "removed";
  if (countsAsFailure(spec, ends)) return "failed";
  if (ends.success + ends.failed > 0) return "success";
  return ends.skipped > 0 ? "skipped" : "removed";
}

function countsAsFailure({ allowFailure }: TaskSpec, ends: Counts): boolean {
  return ends.upstreamFailed > 0 || (ends.failed > 0 && !allowFailure);
}

function placeOf(task: PlannedTask, mapIndex: number): number {
  return scopeIn(task, 0, mapIndex).mapIndex;
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
  /**
   * The same as its group, or its run, counts them: a loop as the one task that it is.
   */
  readonly ends: Counts;
  /** The same as the tasks after it see them, and of how many instances. */
  readonly seen: Counts;
  readonly width: number;
  readonly isClosed: boolean;
}

/** Instances in the state `none` count as not made yet. */
function ownOf(spec: TaskSpec, given: readonly StateCount[]): Own {
  const all = given.filter(({ state }) => state !== "none");
  // Iterations that a loop had before it was cleared, and has not had again, are no part
  // of it.
  const states = isLoop(spec) ? all.filter(({ state }) => state !== "removed") : all;
  const mapped = states.filter(({ isMapped }) => isMapped);
  const shown = mapped.length > 0 ? mapped : states;
  const total = shown.reduce((sum, { count }) => sum + count, 0);
  const counts = { ...NOTHING };
  for (const { state, count } of shown) if (isCounted(state)) counts[COUNT_OF[state]] += count;
  const ended = totalOf(counts);
  const waiting = mapped.filter(({ state }) => state === "scheduled");
  const isClosed = total > 0 && ended === total;
  // A loop that never began ended as its rule said, and is seen so.
  const isIterated = isLoop(spec) && mapped.length > 0;
  const ends = isIterated ? wholeOf(counts, total) : counts;
  return {
    decided: total > 0,
    instances: mapped.length > 0 ? total : null,
    released: Math.min(...waiting.map(({ lowest }) => lowest), mapped.length > 0 ? total : 0),
    waiting: waiting.reduce((sum, { count }) => sum + count, 0),
    counts,
    ends,
    isClosed,
    ...(isIterated
      ? { seen: seenFrom(spec, ends, false), width: 1 }
      : itemsSeen(spec, counts, { total, isMapped: mapped.length > 0, isClosed })),
  };
}

/**
 * Items that are left out count until their task has ended; a list of which nothing is
 * left then counts as an empty one.
 */
function itemsSeen(
  spec: TaskSpec,
  counts: Counts,
  {
    total,
    isMapped,
    isClosed,
  }: { readonly total: number; readonly isMapped: boolean; readonly isClosed: boolean },
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

/**
 * A failure that is allowed is as good as a success; items that are no more are not
 * counted.
 */
function seenFrom({ allowFailure }: TaskSpec, counts: Counts, isMapped: boolean): Counts {
  const allowed = allowFailure ? { success: counts.success + counts.failed, failed: 0 } : {};
  return { ...counts, ...allowed, ...(isMapped && { removed: 0 }) };
}

function isCounted(state: TaskState): state is FinalState {
  return state in COUNT_OF;
}
