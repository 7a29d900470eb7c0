/**
 * The DAG builder: what a DAG file calls. It only collects what was declared and refuses what can be seen to be wrong at the line that
 * says it; `describeDag` turns the whole into a DagSpec.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { AssetSchedule } from "./asset.ts";
import { type Deadline, RUN_EVENTS, type RunCallbacks, TASK_EVENTS } from "./callback.ts";
import type { TaskBody, TaskContext } from "./context.ts";
import type { Duration } from "./duration.ts";
import { DagsmithError } from "./errors.ts";
import type { EventSource } from "./event.ts";
import {
  GROUP_OPTIONS,
  type GroupEdge,
  type GroupOptions,
  groupsAround,
  prefixOf,
  TaskGroup,
  type Wirable,
  withGroupEdges,
} from "./group.ts";
import { planOfEach, sourcesOf } from "./items.ts";
import type { JsonOutput } from "./json.ts";
import { LazyRef } from "./lazy.ts";
import { checkedLoop, type LoopContext, type LoopOptions } from "./loop.ts";
import { PickRef } from "./pick.ts";
import { ROUTING_OPTIONS } from "./routing.ts";
import {
  type BranchChoice,
  branchBody,
  RULE_DEFAULTS,
  type ShortCircuitOptions,
  type SwitchOptions,
  type TaskKind,
  type TeardownOptions,
} from "./rules.ts";
import type { Schedule, Schedules } from "./schedule.ts";
import { type MappedSensorOptions, SENSOR_TIMING, type SensorBody, type SensorOptions, type SensorTiming } from "./sensor.ts";
import type { Catchup, CatchupOrder, TriggerRule } from "./spec.ts";
import {
  type InputRefs,
  type InputValues,
  type Lineage,
  type MappedTaskOptions,
  type OutputOf,
  type TaskDates,
  type TaskDefaults,
  type TaskDefinition,
  type TaskOptions,
  TaskRef,
} from "./task.ts";

/** Any Standard Schema (zod, valibot, arktype…). Zod also gives the trigger form its fields. */
export type ParamsSchema = StandardSchemaV1;
type NoParams = StandardSchemaV1<unknown, Readonly<Record<string, never>>>;

/** Options of a DAG. */
export interface DagOptions<Schema extends ParamsSchema = ParamsSchema> extends RunCallbacks {
  /** When it runs: one schedule, several by name, or assets that it waits for. Default null: only when somebody asks. */
  readonly schedule?: Schedule | Schedules | AssetSchedule;
  /** Events that start runs, beside the schedule. Default: none. */
  readonly on?: readonly EventSource[];
  /** First logical date, inclusive; ISO 8601, read in {@link timezone} when it names no offset. */
  readonly startDate?: string;
  /** Last logical date, inclusive. */
  readonly endDate?: string;
  /** IANA name, in which cron is read and dates are given to tasks. Default `"UTC"`. */
  readonly timezone?: string;
  /** Missed intervals: `true` or `"all"`, `false` or `"last"` (the latest one), or `"none"`. Default `"last"`. */
  readonly catchup?: boolean | Catchup;
  /** With catchup `"all"`, which missed interval runs first. Default `"oldest"`; `"newest"` brings today's numbers before last year's. */
  readonly catchupOrder?: CatchupOrder;
  /** At most this many runs at once. Default 16. */
  readonly maxActiveRuns?: number;
  /** At most this many of its task instances at once, over all its runs. Default: no limit. */
  readonly maxActiveTasks?: number;
  /** At most this many task instances at once within each run. Default: no limit. */
  readonly maxActiveTasksPerRun?: number;
  /** The first task that fails ends its run: what runs fails, what has not begun is skipped, but for teardowns. Default false. */
  readonly failFast?: boolean;
  /** Longest time from a run's start to its end; then it fails, and its unfinished tasks are skipped. Default: no limit. */
  readonly dagrunTimeout?: Duration;
  /** Pauses the DAG when as many of its runs failed one after the other. Default 0: never. */
  readonly maxConsecutiveFailedDagRuns?: number;
  /** Starts paused when it is first deployed. Default false. */
  readonly pausedAtCreation?: boolean;
  /** The schema of the params that a run may be given. */
  readonly params?: Schema;
  /** Options for every task that does not set them itself. The types of inputs do not see a `triggerRule` that is set here. */
  readonly defaults?: TaskDefaults;
  /** By when runs should have succeeded. */
  readonly deadlines?: readonly Deadline[];
  readonly description?: string;
  readonly tags?: readonly string[];
}

/** Marks a DAG across module instances, so that a second copy of this package does not hide one. */
export const DAG_BRAND: unique symbol = Symbol.for("dagsmith.dag") as never;

const DAG_OPTIONS = [
  "schedule",
  "on",
  "startDate",
  "endDate",
  "timezone",
  "catchup",
  "catchupOrder",
  "maxActiveRuns",
  "maxActiveTasks",
  "maxActiveTasksPerRun",
  "failFast",
  "dagrunTimeout",
  "maxConsecutiveFailedDagRuns",
  "pausedAtCreation",
  "params",
  "defaults",
  "description",
  "tags",
  ...RUN_EVENTS,
  "deadlines",
];
export const TASK_DEFAULTS = [
  ...["retries", "retryDelay", "retryBackoff", "maxRetryDelay", "retryJitter", "retryTotal", "retryIf"],
  ...["executionTimeout", "totalTimeout", "queueTimeout", "triggerRule", "freshProcess"],
  ...ROUTING_OPTIONS,
  ...TASK_EVENTS,
  ...RULE_DEFAULTS,
];
const TASK_OPTIONS = [
  ...TASK_DEFAULTS,
  ...["inputs", "doc", "each", "maxActive", "maxItems", "label", "startDate", "endDate", "allowFailure", "outlets", "inlets"],
];

/** What a teardown waits for. */
export const TEARDOWN_RULE: TriggerRule = "all_done_setup_success";

/** Ids that mean something else in commands, addresses and stored objects. */
const RESERVED_IDS = ["__proto__", "constructor", "prototype", "new", "all", ".", ".."];

/**
 * A DAG under construction. Made by {@link dag}; the default export of a DAG file.
 * @typeParam Params what task bodies get as `params`
 */
export class Dag<out Params> {
  readonly [DAG_BRAND] = true;
  declare readonly params: Params;
  readonly dagId: string;
  readonly options: DagOptions;
  readonly #tasks = new Map<string, TaskRef<unknown>>();
  /** Task id to the ids directly before it. */
  readonly #upstream = new Map<string, Set<string>>();
  readonly #groupIds = new Set<string>();
  readonly #groups: TaskGroup[] = [];
  readonly #groupEdges: GroupEdge[] = [];
  /** All edges, until something is added. */
  #edges: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  /** The group whose tasks are being declared. */
  #scope: TaskGroup | null = null;

  /** Called by {@link dag} only. */
  constructor(dagId: string, options: DagOptions) {
    refuseBadId("DAG", dagId);
    refuseUnknownOptions("DAG", options, DAG_OPTIONS, `DAG "${dagId}"`);
    refuseUnknownOptions("task", options.defaults ?? {}, TASK_DEFAULTS, `defaults of DAG "${dagId}"`);
    this.dagId = dagId;
    this.options = Object.freeze({ ...options });
  }

  /**
   * Declares a task.
   * @returns a reference to its output; for a mapped task (`each`), to the list of its instances' outputs
   * @throws DagsmithError DUPLICATE_TASK_ID, INVALID_ID, UNKNOWN_OPTION, FOREIGN_TASK
   * @example const rows = d.task("count", { retries: 2 }, async ({ hook }) => (await hook(postgresHook("lake"))).count("trips"));
   */
  task<Output>(
    taskId: string,
    body: TaskBody<Output, TaskContext<Params, InputValues<Record<never, never>>, undefined>> & JsonOutput<Output>,
  ): TaskRef<Output>;
  task<Output, Item, Inputs extends InputRefs = Record<never, never>, Rule extends TriggerRule = "all_success">(
    taskId: string,
    options: MappedTaskOptions<Inputs, Item, Rule, Params>,
    body: TaskBody<Output, TaskContext<Params, InputValues<Inputs, Rule>, Item>> & JsonOutput<Output>,
  ): TaskRef<Output[]>;
  task<Output, Inputs extends InputRefs = Record<never, never>, Rule extends TriggerRule = "all_success", Allowed extends boolean = false>(
    taskId: string,
    options: TaskOptions<Inputs, Rule, Allowed, Params>,
    body: TaskBody<Output, TaskContext<Params, InputValues<Inputs, Rule>, undefined>> & JsonOutput<Output>,
  ): TaskRef<OutputOf<Output, Allowed>>;
  task(taskId: string, ...rest: readonly unknown[]): TaskRef<unknown> {
    const [options, body] = optionsAndBody(rest);
    return this.#define(taskId, options, body);
  }

  /**
   * Declares a task that makes something ready for the tasks after it; a {@link Dag.teardown} undoes it. A task like any other but for
   * that.
   * @example const cluster = d.setup("create_cluster", async ({ hook }) => (await hook(emr("emr"))).create());
   */
  setup<Output>(
    taskId: string,
    body: TaskBody<Output, TaskContext<Params, InputValues<Record<never, never>>, undefined>> & JsonOutput<Output>,
  ): TaskRef<Output>;
  setup<Output, Inputs extends InputRefs = Record<never, never>, Rule extends TriggerRule = "all_success">(
    taskId: string,
    options: TaskOptions<Inputs, Rule, false>,
    body: TaskBody<Output, TaskContext<Params, InputValues<Inputs, Rule>, undefined>> & JsonOutput<Output>,
  ): TaskRef<Output>;
  setup(taskId: string, ...rest: readonly unknown[]): TaskRef<unknown> {
    const [options, body] = optionsAndBody(rest);
    return this.#define(taskId, options, body, { type: "setup" });
  }

  /**
   * Declares a task that undoes setups. It runs once all tasks before it have ended, whatever became of the work, if one of its setups
   * succeeded; it is skipped when all of them were. Its own failure does not fail the run, unless `onFailureFailDagrun` says so.
   * @example chain(cluster, work, d.teardown("delete_cluster", { setups: cluster, inputs: { cluster } }, async ({ inputs }) => …));
   */
  teardown<Output, Inputs extends InputRefs = Record<never, never>>(
    taskId: string,
    options: TeardownOptions<Inputs>,
    body: TaskBody<Output, TaskContext<Params, InputValues<Inputs, "all_done_setup_success">, undefined>> & JsonOutput<Output>,
  ): TaskRef<Output> {
    const { setups = [], onFailureFailDagrun: failsRun = false, ...own } = options;
    if ("triggerRule" in own)
      throw this.#invalid(`the triggerRule of teardown "${taskId}"`, own.triggerRule, "nothing: teardowns have their own");
    const ref = this.#define(taskId, { ...own, triggerRule: TEARDOWN_RULE }, body, { type: "teardown", failsRun });
    for (const setup of [setups].flat()) this.connect(setup, ref);
    return ref as TaskRef<Output>;
  }

  /**
   * Declares a task that chooses which of the tasks directly after it go on; the others are skipped, unless they also come after a chosen
   * one. What was chosen is kept: a task that was passed over stays skipped when it is cleared alone.
   * @returns a reference to the ids that were chosen
   * @example
   * const pick = d.branch("pick", { inputs: { size } }, ({ inputs }) => (inputs.size > 100 ? big : small));
   * chain(pick, [small, big], d.task("join", { inputs: { small, big }, triggerRule: "none_failed_min_one_success" }, …));
   */
  branch(
    taskId: string,
    body: TaskBody<BranchChoice, TaskContext<Params, InputValues<Record<never, never>>, undefined>>,
  ): TaskRef<string[]>;
  branch<Inputs extends InputRefs = Record<never, never>, Rule extends TriggerRule = "all_success">(
    taskId: string,
    options: TaskOptions<Inputs, Rule, false>,
    body: TaskBody<BranchChoice, TaskContext<Params, InputValues<Inputs, Rule>, undefined>>,
  ): TaskRef<string[]>;
  branch(taskId: string, ...rest: readonly unknown[]): TaskRef<string[]> {
    const [options, body] = optionsAndBody(rest);
    return this.#define(taskId, options, branchBody(this.#bodyOf(taskId, body)), { type: "branch" }) as TaskRef<string[]>;
  }

  /**
   * Declares a task that goes on with one of several cases: a branch whose ends are named. The tasks of all cases come after it.
   * @returns a reference to the name of the case, null when there was none
   * @example d.switch("by_kind", { inputs: { file }, cases: { csv: loadCsv, json: [parse, load] } }, ({ inputs }) => inputs.file.kind);
   */
  switch<Name extends string, Inputs extends InputRefs = Record<never, never>, Rule extends TriggerRule = "all_success">(
    taskId: string,
    options: SwitchOptions<Inputs, Name, Rule>,
    body: TaskBody<NoInfer<Name> | null, TaskContext<Params, InputValues<Inputs, Rule>, undefined>>,
  ): TaskRef<Name | null> {
    const { cases, ...own } = options;
    const ids = Object.entries<TaskRef<unknown> | readonly TaskRef<unknown>[]>(cases).map(
      ([name, refs]) => [name, [refs].flat().map(({ taskId: id }) => id)] as const,
    );
    const ref = this.#define(taskId, own, body, { type: "switch", cases: Object.fromEntries(ids) });
    for (const target of Object.values<TaskRef<unknown> | readonly TaskRef<unknown>[]>(cases).flat()) this.connect(ref, target);
    return ref as TaskRef<Name | null>;
  }

  /**
   * Declares a task that ends the run's way through it: when its body returns `false` or an empty list, all tasks after it are skipped,
   * whatever their rules, but for teardowns. Any other value, 0 and "" among them, goes on.
   * @returns a reference to what the body returned
   * @example chain(d.shortCircuit("any_rows", { inputs: { rows } }, ({ inputs }) => inputs.rows > 0), load);
   */
  shortCircuit<Output>(
    taskId: string,
    body: TaskBody<Output, TaskContext<Params, InputValues<Record<never, never>>, undefined>> & JsonOutput<Output>,
  ): TaskRef<Output>;
  shortCircuit<Output, Inputs extends InputRefs = Record<never, never>, Rule extends TriggerRule = "all_success">(
    taskId: string,
    options: ShortCircuitOptions<Inputs, Rule>,
    body: TaskBody<Output, TaskContext<Params, InputValues<Inputs, Rule>, undefined>> & JsonOutput<Output>,
  ): TaskRef<Output>;
  shortCircuit(taskId: string, ...rest: readonly unknown[]): TaskRef<unknown> {
    const [{ ignoreDownstreamTriggerRules = true, ...own }, body] = optionsAndBody<ShortCircuitOptions<InputRefs>>(rest);
    return this.#define(taskId, own, body, { type: "short_circuit", directOnly: !ignoreDownstreamTriggerRules });
  }

  /**
   * Declares a task that lets the tasks directly after it run only in the latest run of the schedule: they are skipped in a run that
   * catches up. Runs by hand, and schedules whose intervals have no length, count as latest.
   * @returns a reference to whether the run was the latest
   * @example chain(d.latestOnly("latest"), notify);
   */
  latestOnly(taskId: string, options: TaskDefaults & { readonly doc?: string } = {}): TaskRef<boolean> {
    return this.#add(taskId, { options, kind: { type: "latest_only" } }) as TaskRef<boolean>;
  }

  /**
   * Declares a loop: a task that runs again, each time with what it returned the time before, until `until` says that it is done.
   * @returns a reference to what the iterations returned, in their order
   * @throws DagsmithError as {@link Dag.task} does; INVALID_OPTION for a loop without a bound
   * @example
   * const pages = d.loop("pages", { initial: { cursor: "", rows: 0 }, until: ({ cursor }) => cursor === "", maxIterations: 1_000 },
   *   async ({ previous }) => loadPageAfter(previous.cursor));
   */
  loop<State, Inputs extends InputRefs = Record<never, never>>(
    taskId: string,
    options: LoopOptions<State, Inputs>,
    body: TaskBody<NoInfer<State>, LoopContext<Params, InputValues<Inputs>, NoInfer<State>>> & JsonOutput<State>,
  ): TaskRef<State[]> {
    const { initial, until, maxIterations, ...own } = options ?? {};
    if (typeof body !== "function") throw this.#invalid(`the body of loop "${taskId}"`, body, "a function of the task context");
    const loop = checkedLoop({ initial, until, maxIterations }, `loop "${taskId}" of DAG "${this.dagId}"`);
    const definition = { options: own, body: body as unknown as NonNullable<TaskDefinition["body"]>, loop };
    return this.#add(taskId, definition) as TaskRef<State[]>;
  }

  /**
   * Declares a sensor: a poke that is asked again and again until it says yes. It uses a slot only while it pokes.
   * @returns a reference to the value that the poke found; for a mapped sensor (`each`), to the list of them
   * @throws DagsmithError as {@link task}
   * @example const file = d.sensor("file", { interval: "5m", timeout: "12h" }, async () => existsSync("/data/today.csv"));
   */
  sensor<Value = null>(
    sensorId: string,
    poke: SensorBody<Value, TaskContext<Params, InputValues<Record<never, never>>, undefined>> & JsonOutput<Value>,
  ): TaskRef<Value>;
  sensor<Item, Value = null, Inputs extends InputRefs = Record<never, never>>(
    sensorId: string,
    options: MappedSensorOptions<Inputs, Item>,
    poke: SensorBody<Value, TaskContext<Params, InputValues<Inputs>, Item>> & JsonOutput<Value>,
  ): TaskRef<Value[]>;
  sensor<Value = null, Inputs extends InputRefs = Record<never, never>>(
    sensorId: string,
    options: SensorOptions<Inputs>,
    poke: SensorBody<Value, TaskContext<Params, InputValues<Inputs>, undefined>> & JsonOutput<Value>,
  ): TaskRef<Value>;
  sensor(sensorId: string, ...rest: readonly unknown[]): TaskRef<unknown> {
    const [given, poke] = rest.length === 1 ? [{}, rest[0]] : rest;
    if (typeof poke !== "function") throw this.#invalid(`the poke of sensor "${sensorId}"`, poke, "a function of the task context");
    const isTiming = ([key]: [string, unknown]): boolean => (SENSOR_TIMING as readonly string[]).includes(key);
    const all = Object.entries(given as object);
    const options = Object.fromEntries(all.filter((entry) => !isTiming(entry))) as TaskDefinition["options"];
    const sensor: SensorTiming = Object.fromEntries(all.filter(isTiming));
    return this.#add(sensorId, { options, sensor, body: poke as NonNullable<TaskDefinition["body"]> });
  }

  /**
   * Declares a task that does nothing: a place where branches of the graph meet.
   * @example const loaded = d.empty("loaded");
   */
  empty(taskId: string, options: TaskDefaults & TaskDates & Lineage & { readonly doc?: string } = {}): TaskRef<null> {
    return this.#add(taskId, { options }) as TaskRef<null>;
  }

  /**
   * Declares a group of tasks: everything that `declare` declares, groups among it. Ids of its tasks begin with its own.
   * @param declare is given the DAG, and called at once; what it returns is the group's `result`
   * @throws DagsmithError DUPLICATE_GROUP_ID, INVALID_ID, UNKNOWN_OPTION, EMPTY_GROUP
   * @example
   * const extract = d.group("extract", { defaults: { retries: 3 } }, (g) => {
   *   const rows = g.task("rows", readRows); // its id is extract.rows
   *   return { rows, checked: g.task("check", { inputs: { rows } }, check) };
   * });
   * chain(start, extract, d.task("load", { inputs: { rows: extract.result.rows } }, load));
   */
  group<Result>(groupId: string, declare: (g: Dag<Params>) => Result): TaskGroup<Result>;
  group<Result>(groupId: string, options: GroupOptions, declare: (g: Dag<Params>) => Result): TaskGroup<Result>;
  group(groupId: string, ...rest: readonly unknown[]): TaskGroup {
    const [options, declare] = (rest.length === 1 ? [{}, rest[0]] : rest) as [GroupOptions, (g: Dag<Params>) => unknown];
    if (typeof declare !== "function") throw this.#invalid(`the body of group "${groupId}"`, declare, "a function that declares tasks");
    const id = this.#newGroupId(groupId, options);
    const parent = this.#scope;
    const before = this.#tasks.size;
    const group = new TaskGroup({ dag: this, groupId: id, parent }, options, (made) => this.#declareIn(made, declare));
    if (this.#tasks.size === before) throw new DagsmithError("EMPTY_GROUP", { group: id, dag: this.dagId });
    return group;
  }

  /** Makes `downstream` wait for `upstream`. Prefer {@link chain}, which reads in the order of the work. */
  connect(upstream: Wirable, downstream: Wirable): void {
    for (const ref of [upstream, downstream]) this.#refuseForeign(ref);
    const isInside = (one: Wirable, other: Wirable): boolean => one === other || groupsAround(one).some((group) => group === other);
    if (isInside(upstream, downstream) || isInside(downstream, upstream))
      throw new DagsmithError("SELF_DEPENDENCY", { task: idOf(upstream), dag: this.dagId });
    if (upstream instanceof TaskRef && downstream instanceof TaskRef) this.#upstream.get(downstream.taskId)?.add(upstream.taskId);
    else this.#groupEdges.push({ from: upstream, to: downstream });
    this.#edges = undefined;
  }

  /** The tasks in the order in which they were declared. */
  get tasks(): readonly TaskRef<unknown>[] {
    return [...this.#tasks.values()];
  }

  /** The task with this id; undefined when there is none. */
  find(taskId: string): TaskRef<unknown> | undefined {
    return this.#tasks.get(taskId);
  }

  /** The groups, those inside others after them. */
  get groups(): readonly TaskGroup[] {
    return [...this.#groups];
  }

  #define(taskId: string, options: unknown, body: unknown, kind?: TaskKind): TaskRef<unknown> {
    return this.#add(taskId, { options: options as TaskDefinition["options"], body: this.#bodyOf(taskId, body), ...(kind && { kind }) });
  }

  #bodyOf(taskId: string, body: unknown): NonNullable<TaskDefinition["body"]> {
    if (typeof body !== "function") throw this.#invalid(`the body of task "${taskId}"`, body, "a function of the task context");
    return body as NonNullable<TaskDefinition["body"]>;
  }

  /** Ids directly before a task, in the order in which they were wired; edges of groups after those of tasks. */
  upstreamOf(taskId: string): readonly string[] {
    this.#edges ??= withGroupEdges(this.tasks, this.#upstream, this.#groupEdges);
    return [...(this.#edges.get(taskId) ?? [])];
  }

  #newGroupId(groupId: string, options: GroupOptions): string {
    refuseBadId("group", groupId);
    const id = `${prefixOf(this.#scope)}${groupId}`;
    const where = `group "${id}" of DAG "${this.dagId}"`;
    refuseBadId("group", id);
    refuseUnknownOptions("group", options, GROUP_OPTIONS, where);
    refuseUnknownOptions("task", options.defaults ?? {}, TASK_DEFAULTS, `defaults of ${where}`);
    if (this.#groupIds.has(id) || this.#tasks.has(id)) throw new DagsmithError("DUPLICATE_GROUP_ID", { group: id, dag: this.dagId });
    this.#groupIds.add(id);
    return id;
  }

  #declareIn(group: TaskGroup, declare: (g: Dag<Params>) => unknown): unknown {
    this.#scope = group;
    this.#groups.push(group);
    try {
      const result = declare(this);
      // What is declared after an await would no longer be in the group.
      if (result instanceof Promise) throw this.#invalid(`the body of group "${group.groupId}"`, result, "a function that is not async");
      return result;
    } finally {
      this.#scope = group.parent;
    }
  }

  #add(localId: string, given: TaskDefinition): TaskRef<unknown> {
    refuseBadId("task", localId);
    const taskId = `${prefixOf(this.#scope)}${localId}`;
    const definition = this.#scope === null ? given : { ...given, group: this.#scope };
    const where = `task "${taskId}" of DAG "${this.dagId}"`;
    refuseBadId("task", taskId);
    refuseUnknownOptions("task", definition.options, TASK_OPTIONS, where);
    if (this.#groupIds.has(taskId)) throw new DagsmithError("DUPLICATE_GROUP_ID", { group: taskId, dag: this.dagId });
    if (this.#tasks.has(taskId)) throw new DagsmithError("DUPLICATE_TASK_ID", { task: taskId, dag: this.dagId });
    const { each, inputs = {} } = definition.options;
    const named = Object.values(inputs).map((input) => (input instanceof LazyRef || input instanceof PickRef ? input.source : input));
    const sources = [...named, ...(each === undefined ? [] : sourcesOf(planOfEach(each)))];
    for (const source of sources) this.#refuseForeign(source);
    const ref = new TaskRef<unknown>(this, taskId, definition);
    this.#tasks.set(taskId, ref);
    this.#edges = undefined;
    this.#upstream.set(taskId, new Set(sources.map((source) => source.taskId)));
    return ref;
  }

  #refuseForeign(ref: Wirable): void {
    if (!(ref instanceof TaskRef || ref instanceof TaskGroup)) {
      throw this.#invalid("a dependency", ref, "what d.task(), d.empty() or d.group() returned");
    }
    if (ref.dag !== this) throw new DagsmithError("FOREIGN_TASK", { task: idOf(ref), owner: ref.dag.dagId, dag: this.dagId });
  }

  #invalid(option: string, value: unknown, allowed: string): DagsmithError {
    return new DagsmithError("INVALID_OPTION", {
      where: `DAG "${this.dagId}"`,
      option,
      found: value === null ? "null" : typeof value,
      allowed,
    });
  }
}

/**
 * Declares a DAG.
 * @param id unique over all DAG files of a deployment
 * @throws DagsmithError INVALID_ID, UNKNOWN_OPTION
 * @example
 * const d = dag("daily_report", { schedule: "@daily", startDate: "2026-01-01" });
 * d.task("send", async ({ dataInterval, log }) => log.info(`report for ${dataInterval.start.toISODate()}`));
 * export default d;
 */
export function dag<Schema extends ParamsSchema = NoParams>(
  id: string,
  options: DagOptions<Schema> = {},
): Dag<StandardSchemaV1.InferOutput<Schema>> {
  return new Dag<StandardSchemaV1.InferOutput<Schema>>(id, options);
}

/**
 * Wires tasks one after the other. A list stands side by side: all of it waits for what is before, and what is after waits for all of it.
 * An empty list is passed over, so that a list made in a loop cannot part what is before it from what is after it. A group stands for its first
 * tasks where it comes after something, and for its last ones where something comes after it.
 * @throws DagsmithError SELF_DEPENDENCY, FOREIGN_TASK
 * @example chain(extract, [load, archive], report);
 */
export function chain(...steps: readonly (Wirable | readonly Wirable[])[]): void {
  const groups = steps.map((step) => [step].flat()).filter((group) => group.length > 0);
  const owner = groups.flat().find((ref) => ref instanceof TaskRef || ref instanceof TaskGroup)?.dag;
  for (const [index, downstream] of groups.entries()) {
    for (const upstream of groups[index - 1] ?? []) for (const ref of downstream) owner?.connect(upstream, ref);
  }
}

/** Whether a value is a DAG, made by this copy of the package or another. */
export function isDag(value: unknown): value is Dag<unknown> {
  return typeof value === "object" && value !== null && DAG_BRAND in value;
}

/** Options may be left out. */
function optionsAndBody<Options extends object>(rest: readonly unknown[]): readonly [Options, unknown] {
  return rest.length === 1 ? [{} as Options, rest[0]] : [rest[0] as Options, rest[1]];
}

function idOf(of: Wirable): string {
  return of instanceof TaskRef ? of.taskId : of.groupId;
}

function refuseBadId(kind: string, id: string): void {
  if (typeof id === "string" && /^[\w.-]{1,200}$/.test(id) && !RESERVED_IDS.includes(id)) return;
  throw new DagsmithError("INVALID_ID", { kind, id: shown(id), reserved: RESERVED_IDS.join(", ") });
}

/** A value as it appears in a message: a mistaken file's contents must not fill the screen. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function refuseUnknownOptions(kind: string, options: object, allowed: readonly string[], where: string): void {
  const option = Object.keys(options).find((key) => !allowed.includes(key));
  if (option !== undefined) throw new DagsmithError("UNKNOWN_OPTION", { kind, option, where, allowed: allowed.join(", ") });
}
