/**
 * Runs one callback: finds it in the loaded DAG, builds its context and reports how it
 * ended. It runs where tries run.
 */

import { type Dag, graphOf } from "../../sdk/dag/dag.ts";
import type { TaskEvent } from "../../sdk/spec/index.ts";
import type { CallbackContext, Callbacks } from "../../sdk/task/callback.ts";
import { definitionOf } from "../../sdk/task/task_definition.ts";
import { failure } from "./ending.ts";
import {
  HookPool,
  type TaskHost,
  type TryRequest,
  type TryResult,
  taskContext,
} from "./run_try.ts";

/** The event, as plain JSON. */
export interface CallbackRequest {
  readonly event: TaskEvent | "deadline";
  /** Whether the event is of the run, not of a task. */
  readonly ofRun: boolean;
  /** Which deadline, from 0. */
  readonly ordinal: number;
  readonly reason: string | null;
  readonly error: CallbackContext["error"];
  /** The address of what happened on the page; null when it is not known. */
  readonly url: string | null;
}

/** Runs one callback to its end. Never throws. */
export async function runCallback(
  dag: Dag<unknown>,
  request: TryRequest,
  callback: CallbackRequest,
  host: TaskHost,
  signal: AbortSignal,
): Promise<TryResult> {
  const hooks = new HookPool(host, signal);
  try {
    const { event, reason, error, ofRun, url } = callback;
    // Params are passed as they are stored: a schema that refuses them now must not hide
    // that the run failed.
    const { xcom: _, ...context } = taskContext(
      request,
      { params: request.params as unknown },
      host,
      hooks,
      signal,
    );
    const taskId = ofRun ? null : request.taskId;
    await callAll(find(dag, request, callback), {
      ...{ ...context, taskId, event, reason, error, url },
    });
    return { outcome: "success", output: null };
  } catch (error) {
    return failure(error);
  } finally {
    await hooks.close();
  }
}

/**
 * @throws the error of the callback that failed; an AggregateError when several failed
 */
async function callAll(callbacks: Callbacks, context: CallbackContext): Promise<void> {
  const all = typeof callbacks === "function" ? [callbacks] : callbacks;
  const ends = await Promise.allSettled(all.map(async (callback) => callback(context)));
  const errors = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : []));
  // The text of an AggregateError gets the texts of its errors where it is shown.
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} callbacks failed`);
  if (errors.length === 1) throw errors[0];
}

function find(
  dag: Dag<unknown>,
  { taskId }: TryRequest,
  { event, ofRun, ordinal }: CallbackRequest,
): Callbacks {
  const found = ofRun
    ? ofDag(dag, event, ordinal)
    : event === "deadline"
      ? undefined
      : ofTask(dag, taskId, event);
  if (found) return found;
  const whose = ofRun ? `DAG "${dag.dagId}"` : `task "${taskId}" of DAG "${dag.dagId}"`;
  throw new Error(
    `${whose} does not declare ${event} when it is loaded here; a DAG file must declare the same every time`,
  );
}

function ofDag(
  { options }: Dag<unknown>,
  event: CallbackRequest["event"],
  ordinal: number,
): Callbacks | undefined {
  if (event === "deadline") return options.deadlines?.[ordinal]?.callback;
  return event === "onSuccess" || event === "onFailure" ? options[event] : undefined;
}

function ofTask(dag: Dag<unknown>, taskId: string, event: TaskEvent): Callbacks | undefined {
  const task = graphOf(dag).find(taskId);
  if (!task) return undefined;
  const { options, inherited } = definitionOf(task);
  return options[event] ?? inherited[event];
}
