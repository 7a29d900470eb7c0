/** Runs one try of a task body in memory. */

import { type Connection, parseConnection } from "../../sdk/connection.ts";
import { dag } from "../../sdk/dag/dag.ts";
import { graphAround } from "../../sdk/dag/graph.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { AssetEvent } from "../../sdk/sources/asset.ts";
import type { RunTrigger } from "../../sdk/sources/trigger.ts";
import type { TaskBody } from "../../sdk/task/context.ts";
import { definitionOf } from "../../sdk/task/task_definition.ts";
import { TaskRef } from "../../sdk/task/task_ref.ts";
import { type LogLevel, runTry, type TaskHost, type TryResult } from "../child/run_try.ts";
import { LocalFiles, type StoredFile, type TestFile } from "./local_files.ts";
import { localFolder } from "./local_folder.ts";
import {
  changeState,
  memoryState,
  type StateValues,
  stateHost,
  stateValues,
} from "./memory_state.ts";

/**
 * A connection as a URI, as JSON text, or as its fields. Fields that are not given are
 * null.
 * @example
 * const github: ConnectionValue = { type: "github", host: "http://localhost:8080" };
 */
export type ConnectionValue =
  | string
  | (Partial<Omit<Connection, "id">> & { readonly type: string });

/**
 * Options of {@link runTask}.
 * @example
 * await runTask(taskOf(d, "load"), {
 *   inputs: { rows: 12 },
 *   variables: { region: "eu" },
 * });
 */
export interface RunTaskOptions {
  /** Connections by id. Default: none. */
  readonly connections?: Readonly<Record<string, ConnectionValue>>;
  /** Variables by key. Default: none. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The params of the run; checked by the DAG's schema. Default `{}`. */
  readonly params?: Json;
  /** The outputs of other tasks, by the names in the task's `inputs`. Default `{}`. */
  readonly inputs?: Readonly<Record<string, Json>>;
  /** For a mapped task: the element of the list. */
  readonly item?: Json;
  /**
   * For a loop: the output of the iteration before. Default: none, which runs the first
   * iteration.
   */
  readonly previous?: Json;
  /** ISO 8601. Default 2026-01-01T00:00:00Z. */
  readonly logicalDate?: string;
  /** ISO 8601. Default one day after the logical date. */
  readonly dataIntervalEnd?: string;
  /** Default 1. */
  readonly tryNumber?: number;
  /** Default: the id of a manual run of the logical date. */
  readonly runId?: string;
  /** The assets or the event that made the run. Default: none, as in a manual run. */
  readonly trigger?: RunTrigger;
  /** Events of the task's inlets. Default: none. */
  readonly assetEvents?: readonly AssetEvent[];
  /** The state that earlier runs set, as {@link TaskRun} has it. Default: none. */
  readonly state?: StateValues;
  /** The files that inputs refer to, made by {@link testFile}. Default: none. */
  readonly files?: readonly TestFile[];
  /** Given to the task as its `signal`. */
  readonly signal?: AbortSignal;
}

interface LogLine {
  readonly level: LogLevel;
  readonly text: string;
}

/**
 * The result of one try.
 * @typeParam Output the type of the task's output
 * @example const run: TaskRun<number> = await runTask(() => 12);
 */
export interface TaskRun<Output> {
  /** The output, as JSON carries it. */
  readonly output: Output;
  /** The lines that the task logged. */
  readonly log: readonly LogLine[];
  /** The values that the task pushed, by key. */
  readonly xcom: Readonly<Record<string, Json>>;
  /** The labels that the task gave its run. */
  readonly labels: Readonly<Record<string, string>>;
  /** The note that the task wrote on its run; null for none. */
  readonly note: string | null;
  /** What the task really ran, by name: its reports through `rendered()`. */
  readonly rendered: Readonly<Record<string, Json>>;
  /** The files that the task stored, in order. */
  readonly files: readonly StoredFile[];
  /** The state after the try. */
  readonly stateValues: StateValues;
  /** The details that the task gave for assets that it updates. */
  readonly assets: readonly { readonly uri: string; readonly extra: Json }[];
}

/**
 * Runs a task body, or a task of a DAG ({@link taskOf}), once.
 * @throws the error of the body, as an Error with the same name and message (also
 *   `FailTask` and `SkipTask`); `NotYet` for a sensor whose poke answered no. A task that
 *   only waits ends at once.
 * @example
 * const { output } = await runTask(taskOf(d, "load"), {
 *   connections: { github: { type: "github", host: url } },
 * });
 */
export async function runTask<Output>(
  task: TaskBody<Output> | TaskRef<Output>,
  options: RunTaskOptions = {},
): Promise<TaskRun<Output>> {
  const ref = task instanceof TaskRef ? task : bodyAsTask(task);
  const log: LogLine[] = [];
  const xcom: Record<string, Json> = {};
  const labels: Record<string, string> = {};
  let note: string | null = null;
  let rendered: Readonly<Record<string, Json>> = {};
  const steps = new Map<string, string | null>();
  const owner = { dagId: graphAround(ref).dagId, taskId: ref.taskId };
  const state = memoryState(options.state, owner.dagId);
  const files = new LocalFiles(options.files);
  const host: TaskHost = {
    ...files.hostOf({ taskId: owner.taskId, mapIndex: requestFor(ref, options).mapIndex }),
    ...stateHost(state, owner),
    folder: localFolder,
    connection: async (id) => connectionOf(id, options.connections?.[id]),
    variable: async (key) => options.variables?.[key] ?? null,
    assetEvents: async (uri, limit) =>
      (options.assetEvents ?? []).filter((event) => event.uri === uri).slice(-limit),
    pullXCom: async () => null,
    pullPage: async () => ({ items: [], next: null }),
    pushXCom: async (key, value) => {
      xcom[key] = JSON.parse(value) as Json;
    },
    labelRun: async (key, value) => {
      labels[key] = value;
    },
    noteRun: async (text) => {
      note = text === "" ? null : text;
    },
    writeRendered: async (fields) => {
      rendered = fields;
    },
    readSteps: async () => Object.fromEntries(steps),
    beginStep: async () => undefined,
    writeStep: async (name, json) => void steps.set(name, json),
    log: (level, text) => void log.push({ level, text }),
  };
  const signal = options.signal ?? new AbortController().signal;
  const run = () => runTry(graphAround(ref), ref, requestFor(ref, options), host, signal);
  let result = await run();
  // Time does not pass here: a step that sleeps is done at once.
  for (; result.outcome === "asleep"; result = await run()) steps.set(result.step, null);
  if (result.outcome === "success")
    for (const change of result.state ?? []) changeState(state, owner, change);
  return {
    output: outputOf(result) as Output,
    files: files.stored,
    ...{ log, xcom, labels, note, rendered, stateValues: stateValues(state, owner.dagId) },
    assets: result.outcome === "success" ? (result.assets ?? []) : [],
  };
}

/**
 * A connection given as a value.
 * @throws DagsmithError CONNECTION_NOT_FOUND when it is undefined
 */
export function connectionOf(id: string, value: ConnectionValue | undefined): Connection {
  if (value === undefined)
    throw new DagsmithError("CONNECTION_NOT_FOUND", {
      id,
      variable: `DAG_CONN_${id.toUpperCase()}`,
    });
  if (typeof value === "string") return parseConnection(id, value);
  return {
    host: null,
    port: null,
    login: null,
    password: null,
    schema: null,
    extra: {},
    ...value,
    id,
  };
}

function bodyAsTask<Output>(body: TaskBody<Output>): TaskRef<Output> {
  return dag("test").task("task", body as TaskBody) as TaskRef<Output>;
}

function requestFor(ref: TaskRef<unknown>, options: RunTaskOptions): Parameters<typeof runTry>[2] {
  const logicalDate = options.logicalDate ?? "2026-01-01T00:00:00Z";
  const { dagId, options: dagOptions } = graphAround(ref);
  const oneDayLater = new Date(Date.parse(logicalDate) + 86_400_000).toISOString();
  return {
    dagId,
    taskId: ref.taskId,
    runId: options.runId ?? `manual__${logicalDate}`,
    tryNumber: options.tryNumber ?? 1,
    mapIndex: definitionOf(ref).loop
      ? options.previous === undefined
        ? 0
        : 1
      : options.item === undefined
        ? -1
        : 0,
    ...(options.previous === undefined ? {} : { previous: options.previous }),
    logicalDate,
    dataIntervalStart: logicalDate,
    dataIntervalEnd: options.dataIntervalEnd ?? oneDayLater,
    timezone: dagOptions.timezone ?? "UTC",
    params: options.params ?? {},
    inputs: options.inputs ?? {},
    item: options.item ?? null,
    trigger: options.trigger ?? null,
  };
}

function outputOf(result: Exclude<TryResult, { readonly outcome: "asleep" }>): unknown {
  if (result.outcome === "not_yet")
    throw Object.assign(new Error("the poke answered no: not yet"), { name: "NotYet" });
  if (result.outcome === "deferred") return null;
  // Only a worker asks a task for its keys.
  if (result.outcome === "keys") return null;
  if (result.outcome === "success")
    return result.output === null ? null : JSON.parse(result.output);
  const { message, ...shown } =
    result.outcome === "skipped"
      ? { name: "SkipTask", message: result.reason, stack: "" }
      : result.error;
  throw Object.assign(new Error(message), shown);
}
