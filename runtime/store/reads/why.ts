/**
 * Why the tasks of a run do not run: reads the facts, and checks every gate for each
 * task.
 */
import { DagsmithError } from "../../../sdk/errors.ts";
import { DEFAULT_QUEUE } from "../../../sdk/spec/index.ts";
import { awaitedOf, newCounter } from "../../engine/counts/task_counter.ts";
import {
  type Reason,
  type UpstreamTask,
  unmetOf,
  type WaitingFacts,
  type WaitingRun,
} from "../../engine/gates/index.ts";
import type { Plan, PlannedTask } from "../../engine/plan/plan.ts";
import type { RunState } from "../../state/run_state.ts";
import type { TaskState } from "../../state/task_state.ts";
import { Plans } from "../dags/plans.ts";
import type { Queryable } from "../database/database.ts";
import { readUsage } from "../limits/slot_request.ts";
import { dependsOnPastWaitsOf } from "../waits/depends_on_past_wait.ts";
import type { VisibleTags } from "./dag_tags.ts";
import { visibleRuns } from "./runs.ts";
import {
  type AskedRun,
  readAskedRun,
  readTaskStates,
  readUpstreamCounts,
  readWaiting,
  readWorkers,
  type WaitingGroup,
} from "./why_facts.ts";

/**
 * What prevents a task from running, or those of its instances that wait for the same.
 */
export interface WaitingTask {
  readonly taskId: string;
  /** The first of them; -1 when the task is not mapped, or has no instance yet. */
  readonly mapIndex: number;
  readonly state: TaskState | "none";
  /** How many instances wait for the same, including this one. */
  readonly instances: number;
  readonly reasons: readonly Reason[];
}

export interface WhyAnswer {
  readonly dagId: string;
  readonly runId: string;
  readonly state: RunState;
  readonly tasks: readonly WaitingTask[];
}

/**
 * Every task of a run that neither runs nor has ended, with everything that is not met;
 * empty when there is none.
 * @param taskId only this task
 * @param visible a called run of another DAG is left out
 * @throws DagsmithError UNKNOWN_RUN, UNKNOWN_TASK
 */
export async function whyWaiting(
  db: Queryable,
  id: number,
  taskId: string | null = null,
  visible: VisibleTags = null,
): Promise<WhyAnswer> {
  const run = await readAskedRun(db, id);
  const plans = await new Plans().get(db, run ? [run.versionId, run.currentVersionId] : []);
  const plan = run && plans.get(run.versionId)?.plan;
  if (!run || !plan) throw new DagsmithError("UNKNOWN_RUN", { run: id });
  const asked = taskId === null ? [...plan.tasks.values()] : [taskOf(plan, taskId)];
  const { dagId, runId, state } = run;
  const maxActiveRuns =
    run.backfillSlots ?? plans.get(run.currentVersionId)?.plan.maxActiveRuns ?? plan.maxActiveRuns;
  return {
    dagId,
    runId,
    state,
    tasks: await waitingTasks(db, id, { ...run, maxActiveRuns }, asked, { taskId, visible }),
  };
}

async function waitingTasks(
  db: Queryable,
  id: number,
  run: AskedRun & WaitingRun,
  asked: readonly PlannedTask[],
  { taskId, visible }: { readonly taskId: string | null; readonly visible: VisibleTags },
): Promise<readonly WaitingTask[]> {
  const states = await readTaskStates(db, id);
  const counts = await readUpstreamCounts(db, id);
  const groups = Map.groupBy(await readWaiting(db, id, taskId), (group) => group.taskId);
  const waiting = [...groups.values()].flat();
  const usage = await readUsage(
    db,
    waiting.flatMap(
      ({ slotRequest }) => slotRequest?.reservations.filter(({ perMs }) => perMs !== null) ?? [],
    ),
  );
  const workersOf = await readWorkers(db);
  const past = new Set((await dependsOnPastWaitsOf(db, id)).map((wait) => wait.taskId));
  const stateOf = (before: string): UpstreamTask => ({
    taskId: before,
    state: states.get(before) ?? "none",
  });
  const factsOf = (task: PlannedTask, instance: WaitingGroup | null): WaitingFacts => ({
    ...{ now: run.now, run, task, instance, usage },
    upstream: task.spec.upstream.map(stateOf),
    further: [...task.setups, ...task.inScope].map(stateOf),
    group: task.spec.parentGroup === undefined ? null : stateOf(task.spec.parentGroup),
    counts:
      counts.get(task.spec.taskId)?.get(task.mappedGroup === null ? "whole" : "element") ??
      awaitedOf(newCounter(task, id, -1)),
    waitsForDependsOnPast: past.has(task.spec.taskId),
    workers: workersOf(task.route.queue ?? DEFAULT_QUEUE),
  });
  const tasks = asked.flatMap((task) =>
    groupsOf(task, states, groups).map(async (group) => ({
      taskId: task.spec.taskId,
      mapIndex: group?.mapIndex ?? -1,
      state: group?.state ?? "none",
      instances: group?.alike ?? 1,
      reasons: [
        // A cleared instance has a row, although its task must be decided again.
        ...unmetOf(factsOf(task, group?.state === "none" ? null : group)),
        ...(await reasonsWithin(db, group?.calledRunId ?? null, visible)),
      ],
    })),
  );
  return Promise.all(tasks);
}

/** How many reasons of a called run are shown with those of the task that called it. */
const MOST_WITHIN = 5;

/** Why a called run has not ended: the reasons of its own tasks, each once. */
async function reasonsWithin(
  db: Queryable,
  runId: number | null,
  visible: VisibleTags,
): Promise<readonly Reason[]> {
  const [seen] = await visibleRuns(db, runId === null ? [] : [{ id: runId }], visible);
  if (!seen) return [];
  const run = await whyWaiting(db, seen.id, null, visible);
  const within = new Map(
    run.tasks.flatMap(({ taskId, reasons }) => reasons.map(({ text }) => [text, taskId] as const)),
  );
  const texts = [...within].map(([text, taskId]) => `task "${taskId}" of that run: ${text}`);
  return [
    `run ${run.runId} of DAG "${run.dagId}" is ${run.state}`,
    ...texts.slice(0, MOST_WITHIN),
  ].map((text) => ({ gate: "call", text }));
}

/** The waiting instances of a task; null stands for a task without an instance. */
function groupsOf(
  { spec: { taskId } }: PlannedTask,
  states: ReadonlyMap<string, unknown>,
  groups: ReadonlyMap<string, readonly WaitingGroup[]>,
): readonly (WaitingGroup | null)[] {
  return states.has(taskId) ? (groups.get(taskId) ?? []) : [null];
}

function taskOf(plan: Plan, taskId: string): PlannedTask {
  const task = plan.tasks.get(taskId);
  if (task) return task;
  const ids = [...plan.tasks.keys()];
  const tasks =
    ids.length > 20 ? `${ids.slice(0, 20).join(", ")} and ${ids.length - 20} more` : ids.join(", ");
  throw new DagsmithError("UNKNOWN_TASK", { task: taskId, dag: plan.dagId, tasks });
}
