/**
 * What workers and time do to a run, as the model has it. An end counts when its claim
 * still holds the instance, and else changes nothing.
 */

import type { Outcome } from "../../../runtime/engine/results/outcome.ts";
import { MAX_LOST_TRIES } from "../../../runtime/state/lost_try.ts";
import type { Json } from "../../../sdk/json.ts";
import { allAfter } from "./after.ts";
import { MAX_ITERATIONS, type ShapedTask } from "./dag_shape.ts";
import {
  type End,
  hasEnded,
  type Instance,
  instancesOf,
  move,
  type RunModel,
  taskOf,
} from "./model_state.ts";
import { follow, repeatGroups } from "./run_model.ts";

/** Where an instance stands. */
export interface Place {
  readonly task: string;
  readonly index: number;
}

/** A try that a worker claimed. */
export interface Claim extends Place {
  readonly number: number;
  /** The try that it is for. */
  readonly of: string;
}

/** Names the try that an instance is at. */
export function tryOf({ serial, failures, lost }: Instance): string {
  return `${serial}, after ${failures} failures and ${lost} losses`;
}

export function scopeKey({ task, index }: Place): string {
  return index < 0 ? task : `${task}[${index}]`;
}

export function at(model: RunModel, { task, index }: Place): Instance | undefined {
  return model.tasks[task]![index];
}

export function mayBeTaken({ state, isDue }: Instance): boolean {
  return state === "queued" || (state === "up_for_retry" && isDue);
}

export function take(model: RunModel, claim: Claim): string {
  const instance = at(model, claim);
  if (instance === undefined || !mayBeTaken(instance) || tryOf(instance) !== claim.of)
    return "refused";
  instance.state = "running";
  instance.claim = claim.number;
  return "taken";
}

/** Several tries end in one batch. @returns the places of those that counted */
export function endTries(
  model: RunModel,
  ends: readonly { readonly claim: Claim; readonly outcome: Outcome }[],
): string {
  const counted = ends.filter(({ claim }) => {
    const instance = at(model, claim);
    return instance?.state === "running" && instance.claim === claim.number;
  });
  const ended = counted.flatMap(({ claim, outcome }): readonly End[] => {
    const [task, instance] = [taskOf(model, claim.task), at(model, claim)!];
    endTry(model, task, instance, claim.index, outcome);
    return hasEnded(instance) ? [{ task, instance }] : [];
  });
  if (ended.length > 0) follow(model, ended);
  return `counted: ${counted
    .map(({ claim }) => scopeKey(claim))
    .toSorted()
    .join(" ")}`;
}

function endTry(
  model: RunModel,
  task: ShapedTask,
  instance: Instance,
  index: number,
  outcome: Outcome,
): void {
  if (outcome.kind === "success") succeed(model, task, instance, index, outcome);
  else if (outcome.kind === "skipped")
    move(instance, outcome.filteredOut === true ? "removed" : "skipped");
  else if (outcome.kind === "failed") fail(task, instance, outcome.retryable);
  else if (outcome.kind === "lost") lose(instance);
  else if (outcome.kind === "deferred") move(instance, "deferred");
  else move(instance, "up_for_reschedule");
}

function lose(instance: Instance): void {
  move(instance, instance.lost < MAX_LOST_TRIES ? "queued" : "failed");
  instance.lost += 1;
}

function succeed(
  model: RunModel,
  task: ShapedTask,
  instance: Instance,
  index: number,
  outcome: Outcome & { kind: "success" },
): void {
  const output = outcome.output === null ? undefined : (JSON.parse(outcome.output) as Json);
  const after = allAfter(model.shape, task.id);
  const isStray =
    task.kind === "branch" && (output as readonly string[]).some((id) => !after.has(id));
  const isTooMany = outcome.again === true && index + 1 >= MAX_ITERATIONS;
  move(instance, isStray || isTooMany ? "failed" : "success");
  if (isStray) return;
  instance.output = output;
  instance.again = outcome.again === true;
}

function fail({ retries }: ShapedTask, instance: Instance, isRetryable: boolean): void {
  const again = isRetryable && instance.failures < retries;
  move(instance, again ? "up_for_retry" : "failed");
  instance.failures += 1;
  instance.isDue = !again;
}

/** Every time that something waits for has come. */
export function tick(model: RunModel): string {
  for (const { id } of model.shape.tasks)
    for (const one of instancesOf(model, id)) {
      if (one.state === "up_for_retry") one.isDue = true;
      if (one.state === "up_for_reschedule") one.state = "queued";
    }
  timeOutWaits(model);
  repeatGroups(model);
  return "done";
}

/** All questions and calls whose time is up end together. */
function timeOutWaits(model: RunModel): void {
  const ends = model.shape.tasks.flatMap((task) =>
    instancesOf(model, task.id)
      .filter(({ state }) => state === "deferred")
      .map((instance): End => ({ task, instance })),
  );
  for (const { task, instance } of ends)
    if (task.kind === "question" && task.flag) resume(instance, "no");
    else move(instance, "failed");
  if (ends.length > 0) follow(model, ends);
}

function resume(instance: Instance, output: Json): void {
  move(instance, "success");
  instance.output = output;
}

/** A person answers a question, or the run that a task called ends. */
export function endWait(model: RunModel, place: Place, output: Json | "failed"): string {
  const [task, instance] = [taskOf(model, place.task), at(model, place)];
  if (instance?.state !== "deferred") return "not waiting";
  if (output === "failed") fail(task, instance, true);
  else resume(instance, output);
  if (hasEnded(instance)) follow(model, [{ task, instance }]);
  return "done";
}
