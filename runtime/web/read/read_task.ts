/**
 * Reads one task of one run: its instance or instances, the tries, its values, the log of
 * one try.
 */
import { DagsmithError } from "../../../sdk/errors.ts";
import { isGroup } from "../../engine/plan/plan.ts";
import type { StoredError } from "../../state/stored_error.ts";
import type { TaskState } from "../../state/task_state.ts";
import { type CalledRun, calledRunOf } from "../../store/reads/calls.ts";
import { type VisibleTags, visibleDags } from "../../store/reads/dag_tags.ts";
import {
  cursorOf,
  getInstance,
  INSTANCES_PER_PAGE,
  type InstanceCursor,
  type InstanceRow,
  locateInstance,
  pageOfInstances,
} from "../../store/reads/instances.ts";
import type { RunDetail } from "../../store/reads/runs.ts";
import { listTries, listXComs, type TryRow, type XComValue } from "../../store/reads/tries.ts";
import type { RenderedField } from "../../store/values/rendered_fields.ts";
import { isOver, type ShownState } from "../../words/shown_state.ts";
import type { WebServices } from "../http/services.ts";
import { type Mask, maskRow } from "./mask.ts";
import { readFiles, type TaskFileRow } from "./read_files.ts";
import { readInputs, type ShownInput } from "./read_inputs.ts";
import { isTryFinished, type LogWindow, readLogWindow, type TryId } from "./read_log.ts";
import { type GroupMember, readMembers } from "./read_members.ts";
import { readRendered } from "./read_rendered.ts";
import { readRun } from "./read_run.ts";
import { readSetState, readSteps, type StateRow, type StepRow } from "./read_state.ts";
import { readWhy } from "./read_why.ts";
import type { RunTask } from "./run_tasks.ts";

export interface TaskQuery {
  readonly id: number;
  readonly taskId: string;
  /** -1: the task itself. */
  readonly mapIndex: number;
  readonly after: InstanceCursor;
  readonly state: TaskState | null;
  /** Null: the current try. */
  readonly tryNumber: number | null;
  /** Whether values of XComs are read; items of a mapped task are such values. */
  readonly withValues: boolean;
  /** The DAGs of which called runs are shown. */
  readonly visible: VisibleTags;
}

/** One try, current or former. */
export type ShownTry = Omit<TryRow, "state" | "finishedAt"> & {
  readonly state: InstanceRow["state"] | "lost";
  readonly finishedAt: Date | null;
};

/** The log of one try. */
export interface ShownLog extends TryId {
  readonly window: LogWindow;
  /** Whether more lines may come. */
  readonly isOpen: boolean;
}

export interface TaskView {
  readonly run: RunDetail;
  readonly task: RunTask;
  readonly operator: string;
  readonly doc: string | null;
  /** The file of the version that the run is pinned to. */
  readonly declared: string;
  /** Null on the page of a whole mapped task, and for a task that is not instantiated. */
  readonly instance: InstanceRow | null;
  /** The run that it called; null for none, and for one that is not visible. */
  readonly called: CalledRun | null;
  /** Newest first. */
  readonly tries: readonly ShownTry[];
  readonly shownTry: number;
  /** What the shown try really ran. */
  readonly rendered: readonly RenderedField[];
  readonly inputs: readonly ShownInput[];
  readonly xcoms: readonly XComValue[];
  readonly files: readonly TaskFileRow[];
  readonly steps: readonly StepRow[];
  /** The state that it set last. */
  readonly setState: readonly StateRow[];
  /** Null without an instance, and for a group. */
  readonly log: ShownLog | null;
  /** The tasks of a group instance; null for every other task. */
  readonly members: readonly GroupMember[] | null;
  readonly instances: readonly InstanceRow[];
  /** The gates that are not met, as text, while the task waits. */
  readonly waits: readonly string[];
  /** Cursor of the next page of instances; null on the last. */
  readonly next: string | null;
}

/** @throws DagsmithError UNKNOWN_RUN, UNKNOWN_TASK */
export async function readTask(services: WebServices, query: TaskQuery): Promise<TaskView> {
  const { id, taskId, mapIndex } = query;
  const view = await readRun(services, id);
  const declared = view.spec.tasks.find((task) => task.taskId === taskId);
  const task = view.tasks.find((one) => one.taskId === taskId);
  const instance = await readInstance(services, query);
  if (!declared || !task || (mapIndex >= 0 && !instance)) throw unknownTask(query, view);
  const shownTry = query.tryNumber ?? instance?.tryNumber ?? 1;
  const instances = task.mapped && mapIndex < 0 ? await readInstances(services, query) : [];
  return {
    run: view.run,
    task,
    operator: declared.operator,
    doc: declared.doc,
    declared: view.file,
    instance: instance && shownInstance(instance, query),
    called: instance && declared.call ? await readCalled(services, instance.id, query) : null,
    tries: instance ? await readTries(services, instance) : [],
    shownTry,
    rendered: instance && query.withValues ? await readRendered(services, query) : [],
    inputs: instance && query.withValues ? await inputsOf(services, query, view) : [],
    xcoms: instance && query.withValues ? await readXComs(services, query) : [],
    files: instance && query.withValues ? await readFiles(services, query) : [],
    steps: instance && query.withValues ? await readSteps(services, query) : [],
    setState: instance && query.withValues ? await readSetState(services, query) : [],
    // A group runs no code: its tasks have the logs.
    log: instance && !isGroup(declared) ? await readLog(services, instance.id, shownTry) : null,
    members: isGroup(declared) ? await readMembers(services, view, taskId, mapIndex) : null,
    instances: instances.map((one) => shownInstance(one, query)),
    waits: await readWaits(services, query, instance?.state ?? task.state),
    next: nextCursor(instances),
  };
}

async function inputsOf(
  services: WebServices,
  query: TaskQuery,
  { spec }: Pick<Awaited<ReturnType<typeof readRun>>, "spec">,
): Promise<readonly ShownInput[]> {
  const task = spec.tasks.find(({ taskId }) => taskId === query.taskId);
  return task ? readInputs(services, query, task, spec) : [];
}

function shownInstance(instance: InstanceRow, { withValues }: TaskQuery): InstanceRow {
  return withValues ? instance : { ...instance, item: null };
}

async function readCalled(
  { reader }: WebServices,
  instanceId: number,
  { visible }: TaskQuery,
): Promise<CalledRun | null> {
  const called = await calledRunOf(reader, instanceId);
  const seen = await visibleDags(reader, called ? [called.dagId] : [], visible);
  return called && seen.has(called.dagId) ? called : null;
}

/** The run, task and map index of an instance. @throws DagsmithError UNKNOWN_INSTANCE */
export async function findInstanceById(
  { reader }: WebServices,
  id: number,
): Promise<{ readonly runId: number; readonly taskId: string; readonly mapIndex: number }> {
  const found = await locateInstance(reader, id);
  if (!found) throw new DagsmithError("UNKNOWN_INSTANCE", { instance: id });
  return found;
}

async function readInstance(
  { reader, mask }: WebServices,
  { id, taskId, mapIndex }: TaskQuery,
): Promise<InstanceRow | null> {
  const found = await getInstance(reader, id, taskId, mapIndex);
  return found ? maskInstance(mask, found) : null;
}

async function readInstances(
  { reader, mask }: WebServices,
  { id, taskId, after, state }: TaskQuery,
): Promise<readonly InstanceRow[]> {
  const found = await pageOfInstances(reader, { runId: id, taskId, after, state });
  return found.map((row) => maskInstance(mask, row));
}

function maskInstance(mask: Mask, row: InstanceRow): InstanceRow {
  return withWholeError(maskRow(mask, row, ["taskId", "state", "workerId"]));
}

/**
 * User code can throw any value: an error without a message or a stack must not break the
 * page.
 */
function withWholeError<Row extends { readonly error: StoredError | null }>(row: Row): Row {
  if (row.error === null) return row;
  const { message, stack } = row.error;
  return { ...row, error: { ...row.error, message: String(message), stack: String(stack ?? "") } };
}

function nextCursor(instances: readonly InstanceRow[]): string | null {
  const last = instances.at(-1);
  if (!last || instances.length < INSTANCES_PER_PAGE) return null;
  const { rank, mapIndex } = cursorOf(last);
  return `${rank}.${mapIndex}`;
}

/**
 * The gates that are not met. For a mapped task: those of the first instance in each
 * state.
 */
async function readWaits(
  services: WebServices,
  query: TaskQuery,
  state: ShownState,
): Promise<readonly string[]> {
  const isWaiting = state === "running" ? query.mapIndex < 0 : !isOver(state);
  if (!isWaiting) return [];
  const { tasks } = await readWhy(services, query.id, query.taskId, query.visible);
  const alike = tasks.filter((task) => query.mapIndex < 0 || task.state === state);
  return [...new Set(alike.flatMap(({ reasons }) => reasons.map(({ text }) => text)))];
}

async function readTries(
  { reader, mask }: WebServices,
  instance: InstanceRow,
): Promise<readonly ShownTry[]> {
  const former = await listTries(reader, instance.id);
  return [
    instance,
    ...former.map((row) => withWholeError(maskRow(mask, row, ["state", "workerId"]))),
  ].map(({ tryNumber, state, workerId, startedAt, finishedAt, reason, error }) => ({
    ...{ tryNumber, state, workerId, startedAt, finishedAt, reason, error },
  }));
}

async function readXComs(
  { reader, mask }: WebServices,
  { id, taskId, mapIndex }: TaskQuery,
): Promise<readonly XComValue[]> {
  return (await listXComs(reader, id, taskId, mapIndex)).map((xcom) => maskRow(mask, xcom, []));
}

/**
 * The end of the try is read before its lines: when the try had ended by then, the lines
 * are complete.
 */
async function readLog(
  services: WebServices,
  instanceId: number,
  tryNumber: number,
): Promise<ShownLog | null> {
  const one = { instanceId, tryNumber };
  const isFinished = await isTryFinished(services, one);
  if (isFinished === undefined) return null;
  return { ...one, window: await readLogWindow(services, one), isOpen: !isFinished };
}

function unknownTask(
  { taskId, mapIndex }: TaskQuery,
  {
    run,
    spec,
  }: {
    readonly run: RunDetail;
    readonly spec: { readonly tasks: readonly { readonly taskId: string }[] };
  },
): DagsmithError {
  return new DagsmithError("UNKNOWN_TASK", {
    task: mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`,
    dag: run.dagId,
    tasks: listed(spec.tasks.map((task) => task.taskId)),
  });
}

function listed(ids: readonly string[]): string {
  return ids.length <= 20
    ? ids.join(", ")
    : `${ids.slice(0, 20).join(", ")} and ${ids.length - 20} more`;
}
