/**
 * The counts of a run, told from its instances alone. While a run moves, its counts are kept by adding; when instances are cleared or marked
 * they are made anew, so that nobody has to know what an instance had added to which count.
 */
import type { RunProgress } from "../state/run_state.ts";
import type { FinalState, TaskState } from "../state/task_state.ts";
import { COUNT_OF, NOTHING } from "./deltas.ts";
import { loopState } from "./loop.ts";
import { isLoop, type Plan, type PlannedTask, plannedTask } from "./plan.ts";
import type { Counts, Progress } from "./store.ts";

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
  readonly isClosed: boolean;
  readonly isBad: boolean;
}

/** Instances in the state `none` count as not made yet. */
export function recount(runId: number, plan: Plan, states: readonly StateCount[]): Recount {
  const byTask = Map.groupBy(
    states.filter(({ state }) => state !== "none"),
    ({ taskId }) => taskId,
  );
  const own = new Map([...plan.tasks.keys()].map((taskId) => [taskId, ownOf(byTask.get(taskId) ?? [])]));
  const tasks = [...plan.tasks.values()];
  const closed = tasks.filter(({ spec }) => own.get(spec.taskId)?.isClosed);
  return {
    rows: tasks.map((task) => rowOf(runId, task, plan, own)),
    openTasks: tasks.length - closed.length,
    failedLeaves: closed.filter(({ spec, isLeaf }) => isLeaf && own.get(spec.taskId)?.isBad).length,
  };
}

function ownOf(states: readonly StateCount[]): Own {
  const mapped = states.filter(({ isMapped }) => isMapped);
  const shown = mapped.length > 0 ? mapped : states;
  const total = shown.reduce((sum, { count }) => sum + count, 0);
  const counts = { ...NOTHING };
  for (const { state, count } of shown) if (isCounted(state)) counts[COUNT_OF[state]] += count;
  const ended = counts.success + counts.failed + counts.skipped + counts.upstreamFailed;
  const waiting = mapped.find(({ state }) => state === "scheduled");
  return {
    decided: total > 0,
    instances: mapped.length > 0 ? total : null,
    released: waiting?.lowest ?? (mapped.length > 0 ? total : 0),
    waiting: waiting?.count ?? 0,
    counts,
    isClosed: total > 0 && ended === total,
    isBad: counts.failed + counts.upstreamFailed > 0,
  };
}

function isCounted(state: TaskState): state is FinalState {
  return state in COUNT_OF;
}

/** What a task before it looks like to a task: a loop as one. */
function seenBy(plan: Plan, taskId: string, own: Own | undefined): readonly Pick<Own, "instances" | "counts">[] {
  if (!own || own.instances === null || !isLoop(plannedTask(plan, taskId).spec)) return own ? [own] : [];
  const state = loopState(own.counts, own.instances);
  return [{ instances: 1, counts: state ? { ...NOTHING, [COUNT_OF[state]]: 1 } : NOTHING }];
}

function rowOf(runId: number, { spec }: PlannedTask, plan: Plan, own: ReadonlyMap<string, Own>): Recount["rows"][number] {
  const before = spec.upstream.flatMap((taskId) => seenBy(plan, taskId, own.get(taskId)));
  const mine = own.get(spec.taskId);
  return {
    runId,
    taskId: spec.taskId,
    upstreamTotal: before.reduce((sum, { instances }) => sum + (instances ?? 1), 0),
    upstream: before.reduce((sum, { counts }) => added(sum, counts), NOTHING),
    decided: mine?.decided ?? false,
    instances: mine?.instances ?? null,
    released: mine?.released ?? 0,
    waiting: mine?.waiting ?? 0,
    own: mine?.instances != null ? mine.counts : NOTHING,
  };
}

function added(a: Counts, b: Counts): Counts {
  return {
    success: a.success + b.success,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    upstreamFailed: a.upstreamFailed + b.upstreamFailed,
  };
}
