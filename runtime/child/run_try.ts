/**
 * Runs one try of one task: builds the context, calls the body and reports how it ended.
 * The same code runs in a task process, in `dag test` and in `dagsmith/testing`, with a
 * different TaskHost. It knows neither processes nor the database.
 */
import type { Connection } from "../../sdk/connection.ts";
import type { Dag } from "../../sdk/dag/dag.ts";
import { loopOf, mappedGroupAround } from "../../sdk/dag/node.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import type { BundledFolder } from "../../sdk/files/folder.ts";
import { type HookRef, openHook } from "../../sdk/hook.ts";
import { type Json, toJson } from "../../sdk/json.ts";
import { eventsOf, type RunTrigger } from "../../sdk/sources/trigger.ts";
import type { TaskContext } from "../../sdk/task/context.ts";
import { itemFor } from "../../sdk/task/items.ts";
import { LazyRef } from "../../sdk/task/lazy.ts";
import { definitionOf } from "../../sdk/task/task_definition.ts";
import type { TaskLog } from "../../sdk/task/task_log.ts";
import type { GivenTaskOptions } from "../../sdk/task/task_options.ts";
import type { TaskRef } from "../../sdk/task/task_ref.ts";
import type { DeclaredUpdate, StateChange } from "../engine/results/outcome.ts";
import { type Dates, withDates } from "./context/dates.ts";
import { keysOf } from "./context/keys.ts";
import { lazyList, type OutputPage } from "./context/lazy_list.ts";
import { type AssetHost, taskAssets } from "./context/task_assets.ts";
import { type FileHost, tryFiles } from "./context/task_files.ts";
import { type RenderedHost, tryRendered } from "./context/task_rendered.ts";
import { type RunNotesHost, runNotes } from "./context/task_run_notes.ts";
import { type StateHost, tryState } from "./context/task_state.ts";
import { type StepHost, trySteps } from "./context/task_steps.ts";
import { returned, type TryResult, thrown } from "./ending.ts";
import { formatLine } from "./format.ts";
import { describeError } from "./task_error.ts";

export type { TryResult } from "./ending.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** The functions that a running task may call outside itself. */
export interface TaskHost
  extends AssetHost,
    FileHost,
    RenderedHost,
    RunNotesHost,
    StateHost,
    StepHost {
  /** @throws DagsmithError CONNECTION_NOT_FOUND */
  connection(id: string): Promise<Connection>;
  /** Null when the variable is not set. */
  variable(key: string): Promise<string | null>;
  /** @throws DagsmithError FOLDER_NOT_BUNDLED, FOLDER_NOT_FOUND */
  folder(folder: BundledFolder): Promise<string>;
  pullXCom(taskId: string, key: string): Promise<Json>;
  /**
   * Outputs of a mapped task, in map order. @param after the map index after which they
   * begin
   */
  pullPage(taskId: string, after: number): Promise<OutputPage>;
  /** @param value JSON text */
  pushXCom(key: string, value: string): Promise<void>;
  log(level: LogLevel, text: string): void;
  /** The client of a hook whose calls are spans. Absent: traces are off. */
  traced?<Client>(client: Client, connectionId: string): Client;
}

/** Everything that a try needs, as plain JSON. Dates are ISO 8601. */
export interface TryRequest {
  readonly dagId: string;
  readonly taskId: string;
  readonly runId: string;
  readonly tryNumber: number;
  readonly mapIndex: number;
  readonly logicalDate: string;
  readonly dataIntervalStart: string;
  readonly dataIntervalEnd: string;
  /** Absent: none. */
  readonly partitionKey?: string | null;
  readonly timezone: string;
  readonly params: Json;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly item: Json;
  /**
   * Most bytes of JSON that the task may return, or push at once. Default: the limit of
   * the database.
   */
  readonly maxOutputBytes?: number;
  /** The output of the previous iteration, in a loop. */
  readonly previous?: Json;
  /** What created the run; null for a scheduled or manual run. */
  readonly trigger: RunTrigger | null;
  /** The header `traceparent` of the try. Absent: traces are off. */
  readonly traceparent?: string;
  /** The body is not called: the task only computes the keys of its limits. */
  readonly asksKeys?: boolean;
}

/** Most characters of a label that are kept. */
export const MAX_LABEL = 200;

const RETURN_VALUE = "return_value";

/** The parts of its DAG that a try needs. */
type TriedDag = Pick<Dag<unknown>, "dagId" | "options">;

/**
 * Runs one try to its end. Never throws. Hooks it opened are closed before it returns.
 */
export async function runTry(
  dag: TriedDag,
  ref: TaskRef<unknown>,
  request: TryRequest,
  host: TaskHost,
  signal: AbortSignal,
): Promise<TryResult> {
  const hooks = new HookPool(host, signal);
  const updates: DeclaredUpdate[] = [];
  const state = tryState(host);
  const steps = trySteps(host, (text) => host.log("info", text));
  const ofTry = tryFiles(host);
  const { rendered, written } = tryRendered(host, (text) => host.log("warn", text));
  let named: { readonly label?: string } = {};
  try {
    const item = itemOf(ref, request);
    named = labelled(ref, item, request.mapIndex, host);
    const given = {
      params: await validParams(dag, request.params),
      inputs: withLazyInputs(ref, request.inputs, host),
      item,
      assets: taskAssets(ref, host, updates),
      state: state.store,
      step: steps.step,
      run: runNotes(host),
      rendered,
      files: ofTry.files,
    };
    const context: TaskContext = Object.assign(
      taskContext(request, given, host, hooks, signal),
      iterationOf(ref, request),
    );
    if (request.asksKeys)
      return { outcome: "keys", keys: await keysOf(dag, ref, context), ...named };
    const output = await definitionOf(ref).body?.(context as TaskContext<never, never, never>);
    // Whatever a body does after a step sleeps, it runs again from its beginning.
    if (steps.sleep) return { outcome: "asleep", ...steps.sleep, ...named };
    // Checked before the hooks close, so that an output that JSON cannot carry fails this
    // try like any other error.
    const ending = returned(ref, output, request.maxOutputBytes);
    return {
      ...ending,
      ...goesOn(ref, request, ending),
      ...(ending.outcome === "success" && updates.length > 0 && { assets: updates }),
      ...withState(ending, state.changes()),
      ...named,
    };
  } catch (error) {
    if (steps.sleep) return { outcome: "asleep", ...steps.sleep, ...named };
    return { ...thrown(ref, error, (text) => host.log("warn", text)), ...named };
  } finally {
    await written();
    await hooks.close();
    await ofTry.close();
  }
}

/** State that the task set is stored only with its success. */
function withState(
  { outcome }: TryResult,
  state: readonly StateChange[],
): { readonly state?: readonly StateChange[] } {
  return outcome === "success" && state.length > 0 ? { state } : {};
}

/** A test passes the whole list, which is read in order too. */
function withLazyInputs(
  ref: TaskRef<unknown>,
  given: TryRequest["inputs"],
  host: TaskHost,
): Readonly<Record<string, unknown>> {
  const lists = Object.entries(definitionOf(ref).options.inputs ?? {}).flatMap(
    ([name, input]): readonly (readonly [string, unknown])[] => {
      if (!(input instanceof LazyRef)) return [];
      const { taskId } = input.source;
      const definition = definitionOf(input.source);
      const whole = async (): Promise<OutputPage> => ({
        items: (given[name] ?? (await host.pullXCom(taskId, RETURN_VALUE))) as readonly Json[],
        next: null,
      });
      const isMany =
        definition.options.each !== undefined ||
        definition.loop !== undefined ||
        mappedGroupAround(input.source) !== undefined;
      const isMapped = isMany && given[name] === undefined;
      return [[name, lazyList(isMapped ? (after) => host.pullPage(taskId, after) : whole)]];
    },
  );
  return { ...given, ...Object.fromEntries(lists) };
}

/** The options that map a task: its own, or those of the mapped group around it. */
function mapping(ref: TaskRef<unknown>): Pick<GivenTaskOptions, "each" | "label"> {
  return definitionOf(mappedGroupAround(ref) ?? ref).options;
}

/** The item as the task gets it, after the functions of its list. */
function itemOf(ref: TaskRef<unknown>, { mapIndex, item }: TryRequest): unknown {
  return mapIndex < 0 ? undefined : itemFor(mapping(ref).each, item);
}

/** The extra context of a loop's body. */
function iterationOf(ref: TaskRef<unknown>, { mapIndex, previous }: TryRequest): object {
  const { loop } = definitionOf(ref);
  if (!loop) return {};
  // A copy: the next run in this process starts with the same value.
  return {
    iteration: mapIndex,
    previous: mapIndex === 0 ? structuredClone(loop.initial) : previous,
    item: undefined,
  };
}

/**
 * `until` gets the value that the next iteration would get, not the value that the body
 * still holds.
 */
function goesOn(
  ref: TaskRef<unknown>,
  { mapIndex }: TryRequest,
  ending: TryResult,
): { readonly again?: boolean } {
  const loop = loopOf(ref);
  if (!loop || ending.outcome !== "success") return {};
  const returned: unknown = ending.output === null ? null : JSON.parse(ending.output);
  return loop.until(returned as never, { iteration: mapIndex }) ? {} : { again: true };
}

/** A label is for people: when it cannot be computed, the task must not fail. */
function labelled(
  ref: TaskRef<unknown>,
  item: unknown,
  mapIndex: number,
  host: TaskHost,
): { readonly label?: string } {
  const { label } = mapping(ref);
  if (!label || mapIndex < 0) return {};
  try {
    const text = String(label({ item: item as never, mapIndex }));
    return text === "" ? {} : { label: text };
  } catch (error) {
    host.log("warn", `the label could not be computed: ${describeError(error).message}`);
    return {};
  }
}

/**
 * The params of a run as its tasks get them: checked, with defaults filled in.
 * @throws DagsmithError INVALID_PARAMS naming each problem
 */
export async function validParams(dag: TriedDag, params: Json): Promise<unknown> {
  const schema = dag.options.params;
  if (!schema) return params ?? {};
  const result = await schema["~standard"].validate(params ?? {});
  if (!result.issues) return result.value;
  const problems = result.issues.map(
    ({ path, message }) =>
      `${path?.map((part) => String(typeof part === "object" ? part.key : part)).join(".") || "params"}: ${message}`,
  );
  throw new DagsmithError("INVALID_PARAMS", { dag: dag.dagId, problems: problems.join("; ") });
}

/** The values of a context that differ from their form in messages. */
type Given = Pick<
  TaskContext,
  "params" | "inputs" | "item" | "assets" | "state" | "step" | "run" | "rendered" | "files"
>;

/** The context of a body, or of a callback. */
export function taskContext<Of extends Partial<Given>>(
  request: TryRequest,
  given: Of,
  host: TaskHost,
  hooks: HookPool,
  signal: AbortSignal,
): Omit<TaskContext, keyof Given> & Of {
  const { dagId, taskId, runId, tryNumber, mapIndex, trigger } = request;
  const context: Omit<TaskContext, keyof Given | keyof Dates> & Of = {
    ...{ dagId, taskId, runId, tryNumber, mapIndex, signal, trigger, ...given },
    partitionKey: request.partitionKey ?? null,
    traceparent: request.traceparent ?? null,
    log: taskLog(host),
    triggeredBy: eventsOf(trigger),
    xcom: {
      push: (key, value) => {
        if (key === RETURN_VALUE)
          throw new DagsmithError("INVALID_ARGUMENT", {
            argument: "xcom key",
            reason: `"${RETURN_VALUE}" is the task's own output; return the value instead`,
          });
        return host.pushXCom(key, toJson(value, request.maxOutputBytes));
      },
      pull: (from, key = RETURN_VALUE) => host.pullXCom(from, key),
    },
    hook: (hook) => hooks.open(hook),
    pathOf: (folder) => host.folder(folder),
    connection: (id) => host.connection(id),
    variable: async (key, fallback) => {
      const value = (await host.variable(key)) ?? fallback;
      if (value === undefined)
        throw new DagsmithError("VARIABLE_NOT_FOUND", {
          key,
          variable: `DAG_VAR_${key.toUpperCase()}`,
        });
      return value;
    },
  };
  return withDates(context, request);
}

/** A log that writes to a host. */
function taskLog(host: Pick<TaskHost, "log">): TaskLog {
  const at =
    (level: LogLevel) =>
    (...parts: readonly unknown[]): void =>
      host.log(level, formatLine(parts));
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

interface OpenHook {
  /** As the task gets it. */
  readonly client: Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** The clients of one try: each is opened once, and all are closed at its end. */
export class HookPool {
  readonly #host: TaskHost;
  readonly #signal: AbortSignal;
  /** By hook, because several hooks may take connections of the same type; then by id. */
  readonly #open = new Map<object, Map<string, OpenHook>>();

  constructor(host: TaskHost, signal: AbortSignal) {
    this.#host = host;
    this.#signal = signal;
  }

  open<Client>(ref: HookRef<Client>): Promise<Client> {
    const ofHook = this.#open.get(ref.definition) ?? new Map<string, OpenHook>();
    this.#open.set(ref.definition, ofHook);
    const known = ofHook.get(ref.connectionId);
    if (known) return known.client as Promise<Client>;
    const opened = this.#connect(ref);
    const close = async () => ref.definition.close?.(await opened);
    const client = opened.then((one) => this.#host.traced?.(one, ref.connectionId) ?? one);
    ofHook.set(ref.connectionId, { client, close });
    return client;
  }

  async #connect<Client>(ref: HookRef<Client>): Promise<Client> {
    const connection = await this.#host.connection(ref.connectionId);
    return openHook(ref, connection, { signal: this.#signal, log: taskLog(this.#host) });
  }

  /** A client that fails to close must not fail a finished try. */
  async close(): Promise<void> {
    const open = [...this.#open.values()].flatMap((ofHook) => [...ofHook.values()]);
    const closed = await Promise.allSettled(open.map(({ close }) => close()));
    for (const result of closed)
      if (result.status === "rejected")
        this.#host.log("warn", `closing a hook failed: ${describeError(result.reason).message}`);
  }
}
