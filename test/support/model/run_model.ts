/**
 * A run as it should be: the plain state of each instance, and no counts. After every
 * change all undecided tasks are decided again, in waves: all tasks of a wave by the
 * states before it. Simple and slow, which is what makes it worth comparing with.
 */

import type { Json } from "../../../sdk/json.ts";
import { type DagShape, isGroup, type ShapedTask } from "./dag_shape.ts";
import { passesOver } from "./decisions.ts";
import { listOf } from "./lists.ts";
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
import { type Decision, decide, isOver, type Letter } from "./rule_table.ts";
import { betweenSetupsAnd, setupsOf } from "./setups.ts";

export function beginModel(shape: DagShape): RunModel {
  const tasks = Object.fromEntries(shape.tasks.map(({ id }) => [id, {}]));
  const model: RunModel = {
    shape,
    tasks,
    run: "running",
    isPaused: false,
    endedByItself: false,
    told: new Set(),
  };
  follow(model, [], { isAnew: true });
  return model;
}

/** Whether a task was decided and none of its instances is left to end. */
function isClosed(model: RunModel, id: string): boolean {
  const own = instancesOf(model, id);
  return own.length > 0 && own.every(hasEnded);
}

/** Tasks that are not closed; all of a group count until the group is. */
export function openTasks(model: RunModel): number {
  const open = new Set(scopeOf(model, null).flatMap(({ id }) => (isClosed(model, id) ? [] : [id])));
  return model.shape.tasks.filter(({ id, within }) => open.has(within ?? id)).length;
}

/** The tasks within a group; null: those within none. */
function scopeOf({ shape }: RunModel, group: string | null): readonly ShapedTask[] {
  return shape.tasks.filter(({ within }) => within === group);
}

/** The instances of a task at a place: all of them, but within a mapped group. */
function ownAt(model: RunModel, { id, mappedIn }: ShapedTask, place: number): readonly Instance[] {
  return mappedIn === null
    ? instancesOf(model, id)
    : [model.tasks[id]![place]].filter((one) => one !== undefined);
}

/** Takes a run up whose instances people changed, or that was queued. */
export function takeUp(model: RunModel): void {
  model.run = "running";
  model.told = new Set(
    model.shape.tasks.filter(({ id }) => isClosed(model, id)).map(({ id }) => id),
  );
  follow(model, [], { isAnew: true });
}

/** What one task, or group, does next. @returns the ends that it brings */
type Step = () => readonly End[];

/**
 * Where tasks may be decided: the run, and each group, or element of a mapped group, that
 * runs.
 */
interface Scope {
  readonly group: string | null;
  readonly place: number;
}

/**
 * Lets everything happen that follows from what ended.
 * @param isAnew all tasks are asked first, before anything is followed: a group that
 *   begins then has its tasks asked one wave later
 */
export function follow(model: RunModel, ended: readonly End[], { isAnew = false } = {}): void {
  const fresh = new Set<Instance>();
  let [wave, isFirst, isStopped] = [ended, isAnew, false];
  for (;;) {
    if (!isStopped && model.shape.failFast && wave.some(endsItsRun)) {
      isStopped = true;
      stopWork(model, fresh);
    }
    for (const end of wave) skipDecided(model, end);
    for (const { id } of model.shape.tasks) goOn(model, id, isStopped);
    const scopes = scopesOf(model);
    const steps = [
      ...turnsIn(model, scopes, isStopped, fresh),
      ...model.shape.tasks.flatMap((task) => groupEnds(model, task)),
    ];
    const isNews = tell(model);
    if (steps.length === 0 && !isNews) break;
    wave = steps.flatMap((step) => step());
    const known = new Set(scopes.map(scopeName));
    const begun = isFirst ? [] : scopesOf(model).filter((scope) => !known.has(scopeName(scope)));
    wave = [...wave, ...turnsIn(model, begun, isStopped, fresh).flatMap((step) => step())];
    isFirst = false;
  }
  if (openTasks(model) > 0) return;
  model.run = scopeOf(model, null).some((task) => failsRun(model, task)) ? "failed" : "success";
  model.endedByItself = true;
}

function scopesOf(model: RunModel): readonly Scope[] {
  const groups = model.shape.tasks
    .filter(isGroup)
    .flatMap(({ id }) =>
      Object.entries(model.tasks[id]!).flatMap(([index, { state }]) =>
        state === "running" ? [{ group: id, place: Number(index) }] : [],
      ),
    );
  return [{ group: null, place: -1 }, ...groups];
}

function scopeName({ group, place }: Scope): string {
  return `${group} ${place}`;
}

function turnsIn(
  model: RunModel,
  scopes: readonly Scope[],
  isStopped: boolean,
  fresh: Set<Instance>,
): readonly Step[] {
  return scopes.flatMap(({ group, place }) =>
    scopeOf(model, group).flatMap((task) => {
      const turn = turnOf(model, task, place, isStopped);
      return turn === "wait" ? [] : [() => takeTurn(model, task, place, turn, fresh)];
    }),
  );
}

/**
 * A group that runs ends, or waits for its next try, when all of its tasks have ended.
 */
function groupEnds(model: RunModel, task: ShapedTask): readonly Step[] {
  if (!isGroup(task)) return [];
  const members = scopeOf(model, task.id);
  return Object.entries(model.tasks[task.id]!).flatMap(([index, instance]): readonly Step[] => {
    const ends = members.map((member) => ownAt(model, member, Number(index))[0]);
    if (instance.state !== "running" || !ends.every((end) => end !== undefined && hasEnded(end)))
      return [];
    const state = stateOfGroup(
      members,
      ends.map((end) => end!.state),
    );
    return [() => endGroup(task, instance, state)];
  });
}

/** A group is what its last tasks came to. */
function stateOfGroup(
  members: readonly ShapedTask[],
  states: readonly Instance["state"][],
): Instance["state"] {
  const last = members.flatMap((member, at) =>
    isLeaf({ tasks: members, failFast: false }, member) ? [{ member, state: states[at]! }] : [],
  );
  if (last.some(({ member, state }) => isFailure(member, state))) return "failed";
  if (last.some(({ state }) => state === "success" || state === "failed")) return "success";
  return last.some(({ state }) => state === "skipped") ? "skipped" : "removed";
}

function endGroup(task: ShapedTask, instance: Instance, state: Instance["state"]): readonly End[] {
  const again = state === "failed" && instance.failures < task.retries;
  instance.state = again ? "up_for_retry" : state;
  instance.failures += state === "failed" ? 1 : 0;
  instance.isDue = !again;
  return again ? [] : [{ task, instance }];
}

/** Groups whose next try is due run again: their tasks are undecided again. */
export function repeatGroups(model: RunModel): void {
  for (const { id } of model.shape.tasks.filter(isGroup))
    for (const [index, instance] of Object.entries(model.tasks[id]!)) {
      if (instance.state !== "up_for_retry") continue;
      instance.state = "running";
      for (const member of scopeOf(model, id)) delete model.tasks[member.id]![Number(index)];
    }
  if (model.run === "running") follow(model, []);
}

const SKIPPABLE: readonly string[] = [
  "scheduled",
  "queued",
  "up_for_retry",
  "up_for_reschedule",
  "deferred",
  "upstream_failed",
];

/** A decision skips at once what neither runs nor has succeeded or failed. */
function skipDecided(model: RunModel, { task, instance }: End): void {
  if (instance.state !== "success") return;
  for (const [index, one] of Object.entries(model.tasks[task.id]!)) {
    if (one !== instance) continue;
    for (const target of scopeOf(model, task.within))
      if (passesOver(model, task, target.id, Number(index)))
        for (const each of ownAt(model, target, Number(index)))
          if (SKIPPABLE.includes(each.state)) move(each, "skipped");
  }
}

function endsItsRun({ task, instance }: End): boolean {
  return instance.state === "failed" && task.kind !== "teardown" && !task.allowFailure;
}

/**
 * The first failure of a run that fails fast: what runs fails, what waits is skipped;
 * what was only just made was never there.
 */
function stopWork(model: RunModel, fresh: ReadonlySet<Instance>): void {
  for (const { id, kind } of model.shape.tasks) {
    if (kind === "teardown") continue;
    const open = instancesOf(model, id).filter((one) => !hasEnded(one));
    if (open.some((one) => fresh.has(one))) replace(model, id, { [-1]: newInstance("skipped") });
    else for (const one of open) move(one, one.state === "running" ? "failed" : "skipped");
  }
}

function replace(model: RunModel, id: string, instances: Record<number, Instance>): void {
  (model.tasks as Record<string, Record<number, Instance>>)[id] = instances;
}

/**
 * A mapped task lets items go as long as it has places; a loop that is not done goes on
 * with its next iteration.
 */
function goOn(model: RunModel, id: string, isStopped: boolean): void {
  const { kind, maxActive } = taskOf(model, id);
  const own = instancesOf(model, id);
  const waiting = own.filter(({ state }) => state === "scheduled");
  const active = own.filter((one) => !hasEnded(one)).length - waiting.length;
  const places = Math.max(0, (maxActive ?? Number.POSITIVE_INFINITY) - active);
  for (const one of waiting.slice(0, places))
    one.state = kind === "mapped group" ? "running" : "queued";
  const last = model.tasks[id]![own.length - 1];
  if (kind !== "loop" || last === undefined || last.state !== "success" || !last.again) return;
  last.again = false;
  model.tasks[id]![own.length] = newInstance(isStopped ? "skipped" : "queued", own.length);
}

/** What a task's turn brings; it waits, too, when it has had it. */
function turnOf(
  model: RunModel,
  task: ShapedTask,
  place: number,
  isStopped: boolean,
): Decision | "remove" {
  if (ownAt(model, task, place).length > 0) return "wait";
  if (isStopped && task.kind !== "teardown") return "skip";
  if (scopeOf(model, task.within).some((decider) => passesOver(model, decider, task.id, place)))
    return "skip";
  const upstream = task.upstream.map((id) => taskOf(model, id));
  const isLeftOut =
    task.mappedIn !== null &&
    upstream.some((one) => ownAt(model, one, place)[0]?.state === "removed");
  if (isLeftOut) return "remove";
  const letters = (ids: readonly string[]): readonly Letter[] =>
    ids.flatMap((id) => lettersOf(model, taskOf(model, id), place));
  const before = letters(task.upstream);
  const turn = decide(task, {
    direct: before,
    setups: letters(setupsOf(model.shape, task)),
    between: letters(betweenSetupsAnd(model.shape, task)),
  });
  // A list that comes from tasks before it has to be known.
  return turn === "run" &&
    task.kind.startsWith("mapped") &&
    task.form !== "items" &&
    !isOver(before)
    ? "wait"
    : turn;
}

const LETTERS: Readonly<Record<string, Letter | "X">> = {
  success: "S",
  failed: "F",
  skipped: "K",
  upstream_failed: "U",
  removed: "X",
};

/**
 * A task as those after it see it: a letter for each instance that counts. A loop is one
 * task, and items that were left out are none.
 */
function lettersOf(model: RunModel, task: ShapedTask, place: number): readonly Letter[] {
  const { id, allowFailure, kind } = task;
  const own = ownAt(model, task, place);
  const seen = own
    .map(({ state }) => LETTERS[state] ?? "R")
    .map((letter) => (letter === "F" && allowFailure ? "S" : letter));
  if (seen.length === 0) return ["R"];
  const isTold = model.told.has(id);
  if (kind === "loop" && model.tasks[id]![-1] === undefined) {
    if (!isTold || seen.includes("R")) return ["R"];
    return [(["F", "U", "K"] as const).find((bad) => seen.includes(bad)) ?? "S"];
  }
  const counted = seen.filter((letter): letter is Letter => letter !== "X");
  if (counted.length === seen.length) return counted;
  if (!isTold || counted.includes("R"))
    return seen.map((letter) => (letter === "X" ? "R" : letter));
  return counted.length > 0 ? counted : ["K"];
}

/**
 * That a task has ended as a whole is known one wave after its last instance has.
 * @returns whether that was news
 */
function tell(model: RunModel): boolean {
  const before = model.told.size;
  for (const { id } of model.shape.tasks) if (isClosed(model, id)) model.told.add(id);
  return model.told.size > before;
}

const WITHOUT_RUNNING = {
  skip: "skipped",
  upstream_failed: "upstream_failed",
  remove: "removed",
} as const;

/** @returns the end of the task, when the decision ended it */
function takeTurn(
  model: RunModel,
  task: ShapedTask,
  place: number,
  turn: Exclude<Decision | "remove", "wait">,
  fresh: Set<Instance>,
): readonly End[] {
  const at = task.mappedIn === null ? -1 : place;
  const item = task.mappedIn === null ? null : model.tasks[task.mappedIn]![place]!.item;
  const made =
    turn === "run"
      ? runnable(model, task, at, item)
      : { [at]: newInstance(WITHOUT_RUNNING[turn], item) };
  Object.assign(model.tasks[task.id]!, made);
  return Object.values(made).flatMap((instance) => {
    fresh.add(instance);
    return hasEnded(instance) ? [{ task, instance }] : [];
  });
}

function runnable(
  model: RunModel,
  task: ShapedTask,
  at: number,
  item: Json,
): Record<number, Instance> {
  if (task.kind === "empty") return { [at]: newInstance("success", item) };
  if (task.kind === "loop") return { 0: newInstance("queued", 0) };
  const begun = isGroup(task) ? "running" : "queued";
  if (!task.kind.startsWith("mapped")) return { [at]: newInstance(begun, item) };
  const list = listOf(model, task);
  if (typeof list === "string") return { [-1]: newInstance(list) };
  const most = task.maxActive ?? list.length;
  return Object.fromEntries(
    list.map((one, index) => [index, newInstance(index < most ? begun : "scheduled", one)]),
  );
}

/**
 * Whether a task that ended fails its run: a leaf that failed, or never could run. When a
 * run fails fast, any task is one.
 */
function failsRun(model: RunModel, task: ShapedTask): boolean {
  const isLast = isLeaf({ tasks: scopeOf(model, null), failFast: model.shape.failFast }, task);
  return isLast && instancesOf(model, task.id).some(({ state }) => isFailure(task, state));
}

function isFailure({ allowFailure }: ShapedTask, state: Instance["state"]): boolean {
  return state === "upstream_failed" || (state === "failed" && !allowFailure);
}

/**
 * Teardowns after a task do not keep it from being a leaf, and are none, unless their
 * failure matters; or unless there is nothing else.
 */
function isLeaf({ tasks, failFast }: DagShape, task: ShapedTask): boolean {
  const matters = ({ kind, flag }: ShapedTask): boolean => kind !== "teardown" || flag;
  const after = tasks.filter(({ upstream }) => upstream.includes(task.id));
  if (!tasks.some(matters)) return after.length === 0;
  return matters(task) && (failFast || !after.some(matters));
}
