/**
 * The counts of a run, told from its instances alone. While a run moves, its counts are kept by adding; when instances are cleared or marked
 * they are made anew, so that nobody has to know what an instance had added to which count.
 */
import type { RunProgress } from "../../state/run_state.ts";
import { isFinal, type TaskState } from "../../state/task_state.ts";
import { endWithin } from "../advance/groups.ts";
import { isLimited } from "../limits/limits.ts";
import { countsAsFailure } from "../plan/leaves.ts";
import { isGroup, type Plan, type PlannedTask, plannedTask } from "../plan/plan.ts";
import type { Counts, LockedRun, Progress } from "../store.ts";
import { added, NOTHING } from "./counts.ts";
import { scopeKey, scopeOf } from "./deltas.ts";
import { type Own, ownOf, type StateCount } from "./own_counts.ts";

export type { StateCount } from "./own_counts.ts";

/** What the instances of a run amount to. */
export interface Recount extends RunProgress {
  /** One row for each place of the plan, whether or not the plan counts it, but for those of groups that have ended. */
  readonly rows: readonly RecountedRow[];
}

interface RecountedRow extends Progress {
  /** Items that wait for a place. */
  readonly waiting: number;
  /** Its turn may come: it is the run's own, or its group runs. */
  readonly isOpen: boolean;
}

type CountedRun = Pick<LockedRun, "id" | "plan" | "isGloballyLimited">;

/** Ids of the tasks whose states are told apart by element: mapped groups, and what is within them. */
export function elementTasks({ tasks }: Plan): readonly string[] {
  return [...tasks.values()].flatMap(({ spec, mappedIn }) =>
    mappedIn !== null || (isGroup(spec) && spec.each !== null) ? [spec.taskId] : [],
  );
}

export function recount(run: CountedRun, states: readonly StateCount[]): Recount {
  const tally = new Tally(run.plan, states);
  const tasks = [...run.plan.tasks.values()];
  const tops = tasks
    .filter(({ spec }) => spec.within === undefined)
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
      nameOf(one.taskId, taskOf(one)?.mappedIn == null ? -1 : one.mapIndex),
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
  places({ mappedIn }: PlannedTask): readonly number[] {
    return mappedIn === null ? [-1] : this.elements(mappedIn);
  }

  /** The elements of a mapped group, in no order. */
  elements(group: string): readonly number[] {
    return this.#elements.get(group) ?? [];
  }

  own({ spec, mappedIn }: PlannedTask, mapIndex: number): Own {
    const name = nameOf(spec.taskId, mapIndex);
    const states = this.#states.get(name) ?? [];
    const own =
      this.#own.get(name) ??
      ownOf(spec, mappedIn === null ? states : states.map((one) => ({ ...one, isMapped: false })));
    this.#own.set(name, own);
    return own;
  }

  /** The state of a group where its tasks are at this place. */
  stateOf(group: PlannedTask, mapIndex: number): TaskState | undefined {
    const { taskId, each } = group.spec;
    if (each === null || group.mappedIn !== null)
      return this.#states.get(nameOf(taskId, scopeOf(group, mapIndex)))?.at(0)?.state;
    return this.#states.get(nameOf(taskId, -1))?.find((one) => one.mapIndex === mapIndex)?.state;
  }

  /** What the tasks of a group count for it. */
  membersOf({ members }: PlannedTask, mapIndex: number): Counts {
    const counts = { ...NOTHING };
    for (const member of members) {
      const task = plannedTask(this.#plan, member);
      const own = this.own(task, scopeOf(task, mapIndex));
      if (own.isClosed) counts[endWithin(task, own.ends)] += 1;
    }
    return counts;
  }
}

function nameOf(taskId: string, mapIndex: number): string {
  return scopeKey({ runId: 0, taskId, mapIndex });
}

function rowsOf(run: CountedRun, task: PlannedTask, tally: Tally): readonly RecountedRow[] {
  const { spec, members, mappedIn } = task;
  const blank = {
    runId: run.id,
    taskId: spec.taskId,
    upstreamTotal: 0,
    upstream: NOTHING,
    decided: true,
    released: 0,
    waiting: 0,
  };
  const group = spec.within === undefined ? undefined : plannedTask(run.plan, spec.within);
  const places = tally.places(task);
  const rows = places.flatMap((mapIndex): readonly RecountedRow[] => {
    const state = group && tally.stateOf(group, mapIndex);
    // Of a group that has ended nothing was changed, or it would not have ended any more.
    if (state !== undefined && isFinal(state)) return [];
    return [{ ...rowOf(run, task, mapIndex, tally), isOpen: !group || state === "running" }];
  });
  if (mappedIn !== null && places.length > 0) {
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
  const before = spec.upstream.map((taskId) => tally.own(plannedTask(run.plan, taskId), mapIndex));
  const mine = tally.own(task, mapIndex);
  const isOne = isGroup(spec) && spec.each === null;
  return {
    runId: run.id,
    taskId: spec.taskId,
    mapIndex,
    upstreamTotal: before.reduce((sum, { width }) => sum + width, 0),
    upstream: before.reduce((sum, { seen }) => added(sum, seen), NOTHING),
    decided: mine.decided,
    instances: mine.instances,
    // Under other limits an item is let go by whoever gives places, and by nobody else.
    released: (isLimited(route, run) ? mine.instances : mine.released) ?? 0,
    waiting: mine.waiting,
    own: isOne ? tally.membersOf(task, mapIndex) : mine.instances !== null ? mine.counts : NOTHING,
  };
}
