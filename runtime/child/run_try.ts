/**
 * Runs one try of one task: builds the context, calls the body, says how it ended. The same code runs in a task process, in `dag test`
 * and in `dagsmith/testing`; what differs is the TaskHost behind it. It knows neither processes nor the database.
 */
import { DateTime } from "luxon";
import type { Connection } from "../../sdk/connection.ts";
import type { TaskContext, TaskLog } from "../../sdk/context.ts";
import type { Dag } from "../../sdk/dag.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import { type HookRef, openHook } from "../../sdk/hook.ts";
import { type Json, toJson } from "../../sdk/json.ts";
import type { TaskRef } from "../../sdk/task.ts";
import { eventsOf, type RunTrigger } from "../../sdk/trigger.ts";
import type { SaidUpdate } from "../engine/outlets.ts";
import { formatLine } from "./format.ts";
import { type AssetHost, taskAssets } from "./task_assets.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a running task may ask of the world. */
export interface TaskHost extends AssetHost {
  /** @throws DagsmithError CONNECTION_NOT_FOUND */
  connection(id: string): Promise<Connection>;
  /** Null when the variable is not set. */
  variable(key: string): Promise<string | null>;
  pullXCom(taskId: string, key: string): Promise<Json>;
  /** @param value JSON text */
  pushXCom(key: string, value: string): Promise<void>;
  log(level: LogLevel, text: string): void;
}

/** Everything a try needs to know, as plain JSON. Dates are ISO 8601. */
export interface TryRequest {
  readonly dagId: string;
  readonly taskId: string;
  readonly runId: string;
  readonly tryNumber: number;
  readonly mapIndex: number;
  readonly logicalDate: string;
  readonly dataIntervalStart: string;
  readonly dataIntervalEnd: string;
  readonly timezone: string;
  readonly params: Json;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly item: Json;
  /** What made the run; null when time or a person did. */
  readonly trigger: RunTrigger | null;
}

/** An error as it is stored and shown. */
export interface TaskError {
  readonly name: string;
  readonly message: string;
  /** The stack, source-mapped, with the stacks of its causes. */
  readonly stack: string;
}

/** How a try ended, as far as the task itself can tell. */
export type TryResult =
  /** `output` is JSON text; null when the body returned undefined. `assets`: what it said of assets, if anything. */
  | { readonly outcome: "success"; readonly output: string | null; readonly assets?: readonly SaidUpdate[] }
  | { readonly outcome: "skipped"; readonly reason: string }
  | { readonly outcome: "failed"; readonly error: TaskError; readonly retryable: boolean };

const RETURN_VALUE = "return_value";

/** Runs one try to its end. Never throws. Hooks it opened are closed before it returns. */
export async function runTry(
  dag: Dag<unknown>,
  ref: TaskRef<unknown>,
  request: TryRequest,
  host: TaskHost,
  signal: AbortSignal,
): Promise<TryResult> {
  const hooks = new HookPool(host, signal);
  const said: SaidUpdate[] = [];
  try {
    const params = await validParams(dag, request.params);
    const context = { ...taskContext(request, params, host, hooks, signal), assets: taskAssets(ref, host, said) };
    const output = await ref.definition.body?.(context as TaskContext as TaskContext<never, never, never>);
    // Checked before the hooks close, so that an output that cannot be carried is this try's failure like any other.
    return { outcome: "success", output: output === undefined ? null : toJson(output), ...(said.length > 0 && { assets: said }) };
  } catch (error) {
    return failure(error);
  } finally {
    await hooks.close();
  }
}

/** Whatever was thrown, as a result. `SkipTask` skips, `FailTask` and dagsmith's own errors are not retried, all else is. */
export function failure(error: unknown): TryResult {
  const thrown = describeError(error);
  if (thrown.name === "SkipTask") return { outcome: "skipped", reason: thrown.message };
  return { outcome: "failed", error: thrown, retryable: thrown.name !== "FailTask" && thrown.name !== "DagsmithError" };
}

/** An error as plain data, with the stacks of its causes. */
export function describeError(error: unknown): TaskError {
  if (!(error instanceof Error)) return { name: "Error", message: formatLine([error]), stack: "" };
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause)
    causes.push(`caused by ${cause.stack ?? cause.message}`);
  return { name: error.name, message: error.message, stack: [error.stack ?? "", ...causes].map(ownFrames).join("\n") };
}

/** A stack without the frames below the task body: they are this runtime's, and the same for every task. */
function ownFrames(stack: string): string {
  const lines = stack.split("\n");
  const end = lines.findIndex((line) => /^\s+at (async )?runTry \(/.test(line) || line.includes("node:internal/process/task_queues"));
  return (end < 0 ? lines : lines.slice(0, end)).join("\n");
}

/**
 * The params of a run as its tasks get them: checked, with defaults filled in.
 * @throws DagsmithError INVALID_PARAMS naming each problem
 */
export async function validParams(dag: Dag<unknown>, params: Json): Promise<unknown> {
  const schema = dag.options.params;
  if (!schema) return params ?? {};
  const result = await schema["~standard"].validate(params ?? {});
  if (!result.issues) return result.value;
  const problems = result.issues.map(
    ({ path, message }) => `${path?.map((part) => String(typeof part === "object" ? part.key : part)).join(".") || "params"}: ${message}`,
  );
  throw new DagsmithError("INVALID_PARAMS", { dag: dag.dagId, problems: problems.join("; ") });
}

function taskContext(
  request: TryRequest,
  params: unknown,
  host: TaskHost,
  hooks: HookPool,
  signal: AbortSignal,
): Omit<TaskContext, "assets"> {
  const { dagId, taskId, runId, tryNumber, mapIndex, inputs, item, trigger } = request;
  const date = (iso: string): DateTime<true> => DateTime.fromISO(iso, { zone: request.timezone }) as DateTime<true>;
  return {
    ...{ dagId, taskId, runId, tryNumber, mapIndex, params, inputs, signal, trigger },
    item: mapIndex < 0 ? undefined : item,
    logicalDate: date(request.logicalDate),
    dataInterval: { start: date(request.dataIntervalStart), end: date(request.dataIntervalEnd) },
    log: taskLog(host),
    triggeredBy: (source) => eventsOf(trigger, source),
    xcom: {
      push: (key, value) => {
        if (key === RETURN_VALUE)
          throw new DagsmithError("INVALID_ARGUMENT", {
            argument: "xcom key",
            reason: `"${RETURN_VALUE}" is the task's own output; return the value instead`,
          });
        return host.pushXCom(key, toJson(value));
      },
      pull: (from, key = RETURN_VALUE) => host.pullXCom(from, key),
    },
    hook: (hook) => hooks.open(hook),
    connection: (id) => host.connection(id),
    variable: async (key, fallback) => {
      const value = (await host.variable(key)) ?? fallback;
      if (value === undefined) throw new DagsmithError("VARIABLE_NOT_FOUND", { key, variable: `DAG_VAR_${key.toUpperCase()}` });
      return value;
    },
  };
}

/** A log that writes to a host. */
export function taskLog(host: Pick<TaskHost, "log">): TaskLog {
  const at =
    (level: LogLevel) =>
    (...parts: readonly unknown[]): void =>
      host.log(level, formatLine(parts));
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** The clients of one try: each opened once, all closed at its end. */
class HookPool {
  readonly #host: TaskHost;
  readonly #signal: AbortSignal;
  readonly #open = new Map<string, { readonly client: Promise<unknown>; readonly close: () => Promise<void> }>();

  constructor(host: TaskHost, signal: AbortSignal) {
    this.#host = host;
    this.#signal = signal;
  }

  open<Client>(ref: HookRef<Client>): Promise<Client> {
    const key = `${ref.definition.types.join()}:${ref.connectionId}`;
    const known = this.#open.get(key);
    if (known) return known.client as Promise<Client>;
    const client = this.#connect(ref);
    this.#open.set(key, { client, close: async () => ref.definition.close?.(await client) });
    return client;
  }

  async #connect<Client>(ref: HookRef<Client>): Promise<Client> {
    const connection = await this.#host.connection(ref.connectionId);
    return openHook(ref, connection, { signal: this.#signal, log: taskLog(this.#host) });
  }

  /** A client that will not close must not turn a finished try into a failed one. */
  async close(): Promise<void> {
    const closed = await Promise.allSettled([...this.#open.values()].map(({ close }) => close()));
    for (const result of closed)
      if (result.status === "rejected") this.#host.log("warn", `closing a hook failed: ${describeError(result.reason).message}`);
  }
}
