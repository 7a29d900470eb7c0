/**
 * What people do to a run, as the model has it: clear, mark, cancel, pause. Each answers
 * as the action does: `done`, or the error's code.
 */
import type { Mark } from "../../../runtime/state/task_state.ts";
import { allAfter } from "./after.ts";
import {
  type End,
  hasEnded,
  type Instance,
  instancesOf,
  move,
  newInstance,
  type RunModel,
  taskOf,
} from "./model_state.ts";
import { follow, takeUp } from "./run_model.ts";
import { needsSetup } from "./setups.ts";

export interface Clearing {
  readonly task: string;
  readonly what:
    | "the task"
    | "and what comes after"
    | "and what comes before"
    | "one item"
    | "what failed"
    | "what failed and after";
  readonly item: number;
}

export function clear(model: RunModel, { task, what, item }: Clearing): string {
  const { shape } = model;
  const before = shape.tasks.map(({ id }) => id).filter((id) => allAfter(shape, id).has(task));
  const isAfter = what === "and what comes after" || what === "what failed and after";
  const chosen = [
    task,
    ...(isAfter ? allAfter(shape, task) : []),
    ...(what === "and what comes before" ? before : []),
  ];
  const onlyFailed = what.startsWith("what failed");
  const found = withSetups(model, chosen).flatMap((id) =>
    Object.entries(model.tasks[id]!)
      .filter(
        ([index, one]) =>
          (what !== "one item" || Number(index) === item) && (!onlyFailed || isBad(one)),
      )
      .map(([index, instance]) => ({ id, index: Number(index), instance })),
  );
  if (found.length === 0) return "NOTHING_TO_CLEAR";
  if (found.some(({ instance }) => instance.state === "running")) return "CLEAR_RUNNING";
  forget(model, [...found, ...heldBackBy(model, found)]);
  reopen(model);
  return "done";
}

interface Found {
  readonly id: string;
  readonly index: number;
  readonly instance: Instance;
}

/** Tasks that could not run because of the cleared failures are decided again, too. */
function heldBackBy(model: RunModel, cleared: readonly Found[]): readonly Found[] {
  const bad = cleared.filter(({ instance }) => isBad(instance));
  const after = new Set(bad.flatMap(({ id }) => [...allAfter(model.shape, id)]));
  return [...after].flatMap((id) =>
    Object.entries(model.tasks[id]!)
      .map(([index, instance]) => ({ id, index: Number(index), instance }))
      .filter(
        ({ instance }) =>
          instance.state === "upstream_failed" && !cleared.some((one) => one.instance === instance),
      ),
  );
}

function isBad({ state }: Instance): boolean {
  return state === "failed" || state === "upstream_failed";
}

/** Work is done again with the setups that it needs, and they are torn down again. */
function withSetups({ shape }: RunModel, chosen: readonly string[]): readonly string[] {
  const setups = shape.tasks.filter(({ kind }) => kind === "setup");
  const more = setups.flatMap(({ id: setup }) => {
    const teardowns = shape.tasks
      .filter(({ kind, upstream }) => kind === "teardown" && upstream.includes(setup))
      .map(({ id }) => id);
    return chosen.some((id) => needsSetup(shape, id, setup)) ? [setup, ...teardowns] : [];
  });
  return [...new Set([...chosen, ...more])];
}

/**
 * What was cleared waits for its task's turn; an item of which others stay waits for its
 * place only.
 */
function forget(
  model: RunModel,
  found: readonly { readonly id: string; readonly index: number }[],
): void {
  const staying = structuredClone(model.tasks);
  for (const { id, index } of found) delete staying[id]![index];
  for (const { id, index } of found) {
    const { item } = model.tasks[id]![index]!;
    delete model.tasks[id]![index];
    if (index >= 0 && Object.keys(staying[id]!).length > 0)
      model.tasks[id]![index] = newInstance("scheduled", item);
  }
}

/** A run that ended waits for a place, which it gets unless its DAG is paused. */
function reopen(model: RunModel): void {
  model.endedByItself = false;
  if (model.run === "running" || !model.isPaused) takeUp(model);
  else model.run = "queued";
}

/** The instances of a task, or the one that is meant. */
function meant(model: RunModel, task: string, item: number | null): readonly Instance[] {
  return item === null
    ? instancesOf(model, task)
    : [model.tasks[task]![item]].filter((one) => one !== undefined);
}

export function markTask(model: RunModel, task: string, to: Mark, item: number | null): string {
  const own = meant(model, task, item);
  if (own.length === 0 && item !== null) return "UNKNOWN_INSTANCE";
  for (const one of own) move(one, to);
  if (own.length === 0) model.tasks[task]![-1] = newInstance(to);
  const found = [...allAfter(model.shape, task)].flatMap((id) =>
    Object.entries(model.tasks[id]!).flatMap(([index, one]) =>
      isBad(one) ? [{ id, index: Number(index) }] : [],
    ),
  );
  forget(model, found);
  reopen(model);
  return "done";
}

/** What runs has failed and is not tried again, what waits is skipped. */
export function cancelTask(model: RunModel, task: string, item: number | null): string {
  const open = meant(model, task, item).filter((one) => !hasEnded(one));
  if (open.length === 0) return "TASK_NOT_ACTIVE";
  for (const one of open) stop(one);
  if (model.run === "running")
    follow(
      model,
      open.map((instance): End => ({ task: taskOf(model, task), instance })),
    );
  return "done";
}

function stop(one: Instance): void {
  move(one, one.state === "running" ? "failed" : "skipped");
}

export function cancelRun(model: RunModel): string {
  if (model.run === "success" || model.run === "failed") return "RUN_FINISHED";
  model.run = "failed";
  for (const { id } of model.shape.tasks)
    for (const one of instancesOf(model, id)) if (!hasEnded(one)) stop(one);
  return "done";
}

export function pause(model: RunModel, isPaused: boolean): string {
  model.isPaused = isPaused;
  if (!isPaused && model.run === "queued") takeUp(model);
  return "done";
}
