/** Reads one task of one run: the instance or the instances, the tries, what they left, the log of one try. */
import { DagsmithError } from "../../../sdk/errors.ts";
import { isGroup } from "../../engine/plan/plan.ts";
import type { StoredError, TaskState } from "../../state/task_state.ts";
import {
  cursorOf,
  getInstance,
  INSTANCES_PER_PAGE,
  type InstanceCursor,
  type InstanceRow,
  pageOfInstances,
} from "../../store/reads/instances.ts";
import { isTryOver } from "../../store/reads/log.ts";
import { listTries, listXComs } from "../../store/reads/tries.ts";
import { whyWaiting } from "../../store/reads/why.ts";
import { isOver, type ShownState } from "../../words/shown_state.ts";
import type { WebServices } from "../http/services.ts";
import { readLogWindow } from "../live/log_window.ts";
import type { LogProps } from "../views/task/log.tsx";
import type { ShownTry, TaskProps } from "../views/task/task.tsx";
import { readMembers } from "./read_members.ts";
import { readRun } from "./read_run.ts";

export interface TaskQuery {
  readonly id: number;
  readonly taskId: string;
  /** -1: the task itself. */
  readonly mapIndex: number;
  readonly after: InstanceCursor;
  readonly state: TaskState | null;
  /** Null: the current one. */
  readonly tryNumber: number | null;
}

/** @throws DagsmithError UNKNOWN_RUN, UNKNOWN_TASK */
export async function readTask(
  services: WebServices,
  query: TaskQuery,
): Promise<Omit<TaskProps, "token" | "callbacks">> {
  const { reader, mask } = services;
  const { id, taskId, mapIndex } = query;
  const found = await readRun(reader, id);
  const { run, spec, file, tasks } = found;
  const declared = spec.tasks.find((task) => task.taskId === taskId);
  const task = tasks.find((one) => one.taskId === taskId);
  const instance = await getInstance(reader, id, taskId, mapIndex);
  if (!declared || !task || (mapIndex >= 0 && !instance))
    throw new DagsmithError("UNKNOWN_TASK", {
      task: mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`,
      dag: run.dagId,
      tasks: listed(spec.tasks.map((one) => one.taskId)),
    });
  const rows =
    task.mapped && mapIndex < 0
      ? await pageOfInstances(reader, { runId: id, taskId, after: query.after, state: query.state })
      : [];
  const tries = instance ? await readTries(services, instance) : [];
  const shownTry = query.tryNumber ?? instance?.tryNumber ?? 1;
  const xcoms = instance ? await listXComs(reader, id, taskId, mapIndex) : [];
  return {
    run,
    task: { ...task, why: task.why === null ? null : mask(task.why) },
    operator: declared.operator,
    doc: declared.doc,
    declared: file,
    instance: instance ? masked(instance, mask) : null,
    tries,
    shownTry,
    xcoms: xcoms.map((xcom) => ({ ...xcom, key: mask(xcom.key), value: mask(xcom.value) })),
    // A group does nothing itself: its tasks say what was done.
    log: instance && !isGroup(declared) ? await readLog(services, instance, shownTry) : null,
    members: isGroup(declared) ? await readMembers(reader, found, taskId, mapIndex) : null,
    instances: rows.map((row) => masked(row, mask)),
    waits: await readWaits(services, query, instance?.state ?? task.state),
    more: nextPage(query, rows),
  };
}

/** What it waits for; of a mapped task, what the first instance of each kind waits for. */
async function readWaits(
  { reader, mask }: WebServices,
  query: TaskQuery,
  state: ShownState,
): Promise<readonly string[]> {
  const isWaiting = state === "running" ? query.mapIndex < 0 : !isOver(state);
  if (!isWaiting) return [];
  const { tasks } = await whyWaiting(reader, query.id, query.taskId);
  const alike = tasks.filter((one) => query.mapIndex < 0 || one.state === state);
  return [...new Set(alike.flatMap(({ reasons }) => reasons.map(({ text }) => mask(text))))];
}

function nextPage(query: TaskQuery, rows: readonly InstanceRow[]): string | null {
  const last = rows.at(-1);
  if (!last || rows.length < INSTANCES_PER_PAGE) return null;
  const filter = query.state === null ? "" : `&state=${query.state}`;
  return `/runs/${query.id}/tasks/${query.taskId}?after=${cursorOf(last).rank}.${last.mapIndex}${filter}`;
}

async function readTries(
  { reader, mask }: WebServices,
  instance: InstanceRow,
): Promise<readonly ShownTry[]> {
  const former = await listTries(reader, instance.id);
  return [instance, ...former].map(
    ({ tryNumber, state, workerId, startedAt, finishedAt, reason, error }) => ({
      ...{ tryNumber, state, workerId, startedAt, finishedAt },
      reason: maskOrNull(mask, reason),
      error: maskError(mask, error),
    }),
  );
}

/** Whether it is over is read before the lines: a log that was over then is complete. */
async function readLog(
  { reader, mask }: WebServices,
  instance: InstanceRow,
  tryNumber: number,
): Promise<LogProps | null> {
  const hasEnded = await isTryOver(reader, instance.id, tryNumber);
  if (hasEnded === undefined) return null;
  const window = await readLogWindow(reader, instance.id, tryNumber, mask);
  return { window, instanceId: instance.id, tryNumber, isOpen: !hasEnded };
}

function masked(row: InstanceRow, mask: (text: string) => string): InstanceRow {
  return {
    ...row,
    label: maskOrNull(mask, row.label),
    reason: maskOrNull(mask, row.reason),
    error: maskError(mask, row.error),
    item: maskOrNull(mask, row.item),
  };
}

function maskOrNull(mask: (text: string) => string, text: string | null): string | null {
  return text === null ? null : mask(text);
}

function maskError(mask: (text: string) => string, error: StoredError | null): StoredError | null {
  return (
    error && {
      name: error.name,
      message: mask(String(error.message)),
      stack: mask(String(error.stack ?? "")),
    }
  );
}

function listed(ids: readonly string[]): string {
  return ids.length <= 20
    ? ids.join(", ")
    : `${ids.slice(0, 20).join(", ")} and ${ids.length - 20} more`;
}
