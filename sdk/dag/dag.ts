/**
 * The DAG builder: what a DAG file calls. It only collects what was declared and refuses what can be seen to be wrong at the line that
 * says it; `describeDag` turns the whole into a DagSpec.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { DagsmithError } from "../errors.ts";
import { refuseBadId } from "../ids.ts";
import type { JsonOutput } from "../json.ts";
import { listOf } from "../list.ts";
import { refuseUnknownOptions, wrongKind } from "../option_values.ts";
import type { TaskKind, TriggerRule } from "../spec/index.ts";
import type { TaskBody, TaskContext } from "../task/context.ts";
import { checkedLoop, type LoopContext, type LoopOptions } from "../task/loop.ts";
import {
  type BranchChoice,
  branchBody,
  type ShortCircuitOptions,
  type SwitchOptions,
  type TeardownOptions,
} from "../task/rules.ts";
import {
  type MappedSensorOptions,
  type SensorBody,
  type SensorOptions,
  timingApart,
} from "../task/sensor.ts";
import {
  type InputRefs,
  type InputValues,
  type Lineage,
  type MappedTaskOptions,
  type OutputOf,
  TASK_DEFAULTS,
  type TaskDates,
  type TaskDefaults,
  type TaskDefinition,
  type TaskOptions,
  TaskRef,
} from "../task/task.ts";
import { DAG_OPTIONS, type DagOptions, type NoParams, type ParamsSchema } from "./dag_options.ts";
import { Graph } from "./graph.ts";
import {
  type GroupOptions,
  type Lists,
  type LoopGroupOptions,
  type MappedGroupOptions,
  TaskGroup,
  type Wirable,
} from "./group.ts";

export type { DagOptions, ParamsSchema };

type NoInputs = Record<never, never>;
/** A body whose output JSON can carry. */
type Work<Output, Context extends TaskContext> = TaskBody<Output, Context> & JsonOutput<Output>;
type AnyBody = NonNullable<TaskDefinition["body"]>;

/** Marks a DAG across module instances, so that a second copy of this package does not hide one. */
const DAG_BRAND: unique symbol = Symbol.for("dagsmith.dag") as never;

/** What a teardown waits for. */
const TEARDOWN_RULE = "all_done_setup_success" satisfies TriggerRule;

/**
 * A DAG under construction. Made by {@link dag}; the default export of a DAG file.
 * @typeParam Params what task bodies get as `params`
 * @typeParam Item what they get as `item`: undefined, but for the tasks of a mapped group
 */
export class Dag<out Params, out Item = unknown> {
  readonly [DAG_BRAND] = true;
  declare readonly params: Params;
  readonly dagId: string;
  readonly options: DagOptions;
  readonly #graph = new Graph(this);

  /** Called by {@link dag} only. */
  constructor(dagId: string, options: DagOptions) {
    refuseBadId("DAG", dagId);
    refuseUnknownOptions("DAG", options, DAG_OPTIONS, `DAG "${dagId}"`);
    refuseUnknownOptions(
      "task",
      options.defaults ?? {},
      TASK_DEFAULTS,
      `defaults of DAG "${dagId}"`,
    );
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
    body: Work<Output, TaskContext<Params, InputValues<NoInputs>, Item>>,
  ): TaskRef<Output>;
  task<Output, Of, Inputs extends InputRefs = NoInputs, Rule extends TriggerRule = "all_success">(
    taskId: string,
    options: MappedTaskOptions<Inputs, Of, Rule, Params>,
    body: Work<Output, TaskContext<Params, InputValues<Inputs, Rule>, Of>>,
  ): TaskRef<Output[]>;
  task<
    Output,
    Inputs extends InputRefs = NoInputs,
    Rule extends TriggerRule = "all_success",
    Allowed extends boolean = false,
  >(
    taskId: string,
    options: TaskOptions<Inputs, Rule, Allowed, Params, Item>,
    body: Work<Output, TaskContext<Params, InputValues<Inputs, Rule>, Item>>,
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
    body: Work<Output, TaskContext<Params, InputValues<NoInputs>, Item>>,
  ): TaskRef<Output>;
  setup<Output, Inputs extends InputRefs = NoInputs, Rule extends TriggerRule = "all_success">(
    taskId: string,
    options: TaskOptions<Inputs, Rule, false, Params, Item>,
    body: Work<Output, TaskContext<Params, InputValues<Inputs, Rule>, Item>>,
  ): TaskRef<Output>;
  setup(taskId: string, ...rest: readonly unknown[]): TaskRef<unknown> {
    const [options, body] = optionsAndBody(rest);
    return this.#define(taskId, options, body, { type: "setup" });
  }

  /**
   * Declares a task that undoes setups. It runs once all tasks before it have ended, whatever became of the work, if one of its setups
   * succeeded; it is skipped when all of them were. Its own failure does not fail the run, unless `onFailureFailDagRun` says so.
   * @example chain(cluster, work, d.teardown("delete_cluster", { setups: cluster, inputs: { cluster } }, async ({ inputs }) => …));
   */
  teardown<Output, Inputs extends InputRefs = NoInputs>(
    taskId: string,
    options: TeardownOptions<Inputs, Params, Item>,
    body: Work<Output, TaskContext<Params, InputValues<Inputs, typeof TEARDOWN_RULE>, Item>>,
  ): TaskRef<Output> {
    const { setups = [], onFailureFailDagRun: failsRun = false, ...own } = options;
    if ("triggerRule" in own)
      throw this.#wrong(
        `the triggerRule of teardown "${taskId}"`,
        own.triggerRule,
        "nothing: teardowns have their own",
      );
    const ref = this.#define(taskId, { ...own, triggerRule: TEARDOWN_RULE }, body, {
      type: "teardown",
      failsRun,
    });
    for (const setup of listOf(setups)) this.connect(setup, ref);
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
    body: TaskBody<BranchChoice, TaskContext<Params, InputValues<NoInputs>, Item>>,
  ): TaskRef<string[]>;
  branch<Inputs extends InputRefs = NoInputs, Rule extends TriggerRule = "all_success">(
    taskId: string,
    options: TaskOptions<Inputs, Rule, false, Params, Item>,
    body: TaskBody<BranchChoice, TaskContext<Params, InputValues<Inputs, Rule>, Item>>,
  ): TaskRef<string[]>;
  branch(taskId: string, ...rest: readonly unknown[]): TaskRef<string[]> {
    const [options, body] = optionsAndBody(rest);
    return this.#define(taskId, options, branchBody(this.#bodyOf("task", taskId, body)), {
      type: "branch",
    }) as TaskRef<string[]>;
  }

  /**
   * Declares a task that goes on with one of several cases: a branch whose ends are named. The tasks of all cases come after it.
   * @returns a reference to the name of the case, null when there was none
   * @example d.switch("by_kind", { inputs: { file }, cases: { csv: loadCsv, json: [parse, load] } }, ({ inputs }) => inputs.file.kind);
   */
  switch<
    Name extends string,
    Inputs extends InputRefs = NoInputs,
    Rule extends TriggerRule = "all_success",
  >(
    taskId: string,
    options: SwitchOptions<Inputs, Name, Rule, Params, Item>,
    body: TaskBody<NoInfer<Name> | null, TaskContext<Params, InputValues<Inputs, Rule>, Item>>,
  ): TaskRef<Name | null> {
    const { cases, ...own } = options;
    const named = Object.entries<TaskRef<unknown> | readonly TaskRef<unknown>[]>(cases).map(
      ([name, refs]) => [name, listOf(refs)] as const,
    );
    const ids = Object.fromEntries(
      named.map(([name, refs]) => [name, refs.map((ref) => ref.taskId)]),
    );
    const ref = this.#define(taskId, own, body, { type: "switch", cases: ids });
    for (const target of named.flatMap(([, refs]) => refs)) this.connect(ref, target);
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
    body: Work<Output, TaskContext<Params, InputValues<NoInputs>, Item>>,
  ): TaskRef<Output>;
  shortCircuit<
    Output,
    Inputs extends InputRefs = NoInputs,
    Rule extends TriggerRule = "all_success",
  >(
    taskId: string,
    options: ShortCircuitOptions<Inputs, Rule, Params, Item>,
    body: Work<Output, TaskContext<Params, InputValues<Inputs, Rule>, Item>>,
  ): TaskRef<Output>;
  shortCircuit(taskId: string, ...rest: readonly unknown[]): TaskRef<unknown> {
    const [{ ignoreDownstreamTriggerRules = true, ...own }, body] =
      optionsAndBody<ShortCircuitOptions<InputRefs>>(rest);
    return this.#define(taskId, own, body, {
      type: "short_circuit",
      directOnly: !ignoreDownstreamTriggerRules,
    });
  }

  /**
   * Declares a task that lets the tasks directly after it run only in the latest run of the schedule: they are skipped in a run that
   * catches up. Runs by hand, and schedules whose intervals have no length, count as latest.
   * @returns a reference to whether the run was the latest
   * @example chain(d.latestOnly("latest"), notify);
   */
  latestOnly(
    taskId: string,
    options: TaskDefaults & { readonly doc?: string } = {},
  ): TaskRef<boolean> {
    return this.#graph.add(taskId, { options, kind: { type: "latest_only" } }) as TaskRef<boolean>;
  }

  /**
   * Declares a loop: a task that runs again, each time with what it returned the time before, until `until` says that it is done.
   * @returns a reference to what the iterations returned, in their order
   * @throws DagsmithError as {@link Dag.task} does; INVALID_OPTION for a loop without a bound
   * @example
   * const pages = d.loop("pages", { initial: { cursor: "", rows: 0 }, until: ({ cursor }) => cursor === "", maxIterations: 1_000 },
   *   async ({ previous }) => loadPageAfter(previous.cursor));
   */
  loop<State, Inputs extends InputRefs = NoInputs>(
    taskId: string,
    options: LoopOptions<State, Inputs>,
    body: TaskBody<NoInfer<State>, LoopContext<Params, InputValues<Inputs>, NoInfer<State>>> &
      JsonOutput<State>,
  ): TaskRef<State[]> {
    const { initial, until, maxIterations, ...own } = options ?? {};
    const checked = this.#bodyOf("loop", taskId, body);
    const loop = checkedLoop(
      { initial, until, maxIterations },
      `loop "${taskId}" of DAG "${this.dagId}"`,
    );
    return this.#graph.add(taskId, { options: own, body: checked, loop }) as TaskRef<State[]>;
  }

  /**
   * Declares a sensor: a poke that is asked again and again until it says yes. It uses a slot only while it pokes.
   * @returns a reference to the value that the poke found; for a mapped sensor (`each`), to the list of them
   * @throws DagsmithError as {@link task}
   * @example const file = d.sensor("file", { interval: "5m", timeout: "12h" }, async () => existsSync("/data/today.csv"));
   */
  sensor<Value = null>(
    sensorId: string,
    poke: SensorBody<Value, TaskContext<Params, InputValues<NoInputs>, Item>> & JsonOutput<Value>,
  ): TaskRef<Value>;
  sensor<Item, Value = null, Inputs extends InputRefs = NoInputs>(
    sensorId: string,
    options: MappedSensorOptions<Inputs, Item, Params>,
    poke: SensorBody<Value, TaskContext<Params, InputValues<Inputs>, Item>> & JsonOutput<Value>,
  ): TaskRef<Value[]>;
  sensor<Value = null, Inputs extends InputRefs = NoInputs>(
    sensorId: string,
    options: SensorOptions<Inputs, Params, Item>,
    poke: SensorBody<Value, TaskContext<Params, InputValues<Inputs>, Item>> & JsonOutput<Value>,
  ): TaskRef<Value>;
  sensor(sensorId: string, ...rest: readonly unknown[]): TaskRef<unknown> {
    const [given, poke] = optionsAndBody<SensorOptions<InputRefs>>(rest);
    if (typeof poke !== "function")
      throw this.#wrong(`the poke of sensor "${sensorId}"`, poke, "a function of the task context");
    return this.#graph.add(sensorId, { ...timingApart(given), body: poke as AnyBody });
  }

  /**
   * Declares a task that does nothing: a place where branches of the graph meet.
   * @example const loaded = d.empty("loaded");
   */
  empty(
    taskId: string,
    options: TaskDefaults & TaskDates & Lineage & { readonly doc?: string } = {},
  ): TaskRef<null> {
    return this.#graph.add(taskId, { options }) as TaskRef<null>;
  }

  /**
   * Declares a group of tasks: everything that `declare` declares, groups among it. Ids of its tasks begin with its own. A mapped group (`each`)
   * runs once for each element of a list: its tasks get the element as `item`, and each other's outputs of the same element. A group with a `loop`
   * runs again until what it returned is enough.
   * @param declare is given the DAG, and called at once; what it returns is the group's `result`, of a mapped group with lists of outputs
   * @throws DagsmithError DUPLICATE_GROUP_ID, INVALID_ID, UNKNOWN_OPTION, EMPTY_GROUP, NESTED_MAPPING
   * @example
   * const extract = d.group("extract", { defaults: { retries: 3 } }, (g) => {
   *   const rows = g.task("rows", readRows); // its id is extract.rows
   *   return { rows, checked: g.task("check", { inputs: { rows } }, check) };
   * });
   * chain(start, extract, d.task("load", { inputs: { rows: extract.result.rows } }, load));
   * d.group("import", { each: files, retries: 1 }, (g) => {
   *   const rows = g.task("read", ({ item }) => read(item)); // import.read, once for each file
   *   return g.task("load", { inputs: { rows } }, ({ inputs }) => load(inputs.rows));
   * });
   * d.group("pages", { loop: { initial: "", until: (cursor) => cursor === "", maxIterations: 100 } }, (g) => {
   *   const page = g.task("fetch", ({ item }) => fetchPage(item)); // item: what the iteration before came to
   *   return g.task("store", { inputs: { page } }, async ({ inputs }) => (await store(inputs.page)).nextCursor);
   * });
   */
  group<Result>(groupId: string, declare: (g: Dag<Params, Item>) => Result): TaskGroup<Result>;
  group<Result, Of>(
    groupId: string,
    options: MappedGroupOptions<Of>,
    declare: (g: Dag<Params, Of>) => Result,
  ): TaskGroup<Lists<Result>>;
  group<State>(
    groupId: string,
    options: LoopGroupOptions<State>,
    declare: (g: Dag<Params, NoInfer<State>>) => TaskRef<NoInfer<State>>,
  ): TaskGroup<TaskRef<State[]>>;
  group<Result>(
    groupId: string,
    options: GroupOptions,
    declare: (g: Dag<Params, Item>) => Result,
  ): TaskGroup<Result>;
  group(groupId: string, ...rest: readonly unknown[]): TaskGroup {
    const [options, declare] = optionsAndBody<GroupOptions>(rest);
    if (typeof declare !== "function")
      throw this.#wrong(
        `the body of group "${groupId}"`,
        declare,
        "a function that declares tasks",
      );
    return this.#graph.addGroup(groupId, options, () => declare(this));
  }

  /** Makes `downstream` wait for `upstream`. Prefer {@link chain}, which reads in the order of the work. */
  connect(upstream: Wirable, downstream: Wirable): void {
    this.#graph.connect(upstream, downstream);
  }

  /** The tasks in the order in which they were declared. */
  get tasks(): readonly TaskRef<unknown>[] {
    return this.#graph.tasks;
  }

  /** The task with this id; undefined when there is none. */
  find(taskId: string): TaskRef<unknown> | undefined {
    return this.#graph.find(taskId);
  }

  /** The groups, those inside others after them. */
  get groups(): readonly TaskGroup[] {
    return this.#graph.groups;
  }

  /** What runs: the tasks, and the groups that run as one. */
  get units(): readonly TaskRef<unknown>[] {
    return this.#graph.units;
  }

  /** Ids directly before a task or a group that runs as one, in the order in which they were wired; edges of plain groups after others. */
  upstreamOf(taskId: string): readonly string[] {
    return this.#graph.upstreamOf(taskId);
  }

  #define(taskId: string, options: unknown, body: unknown, kind?: TaskKind): TaskRef<unknown> {
    const definition = {
      options: options as TaskDefinition["options"],
      body: this.#bodyOf("task", taskId, body),
    };
    return this.#graph.add(taskId, { ...definition, ...(kind && { kind }) });
  }

  #bodyOf(of: "task" | "loop", taskId: string, body: unknown): AnyBody {
    if (typeof body !== "function")
      throw this.#wrong(`the body of ${of} "${taskId}"`, body, "a function of the task context");
    return body as AnyBody;
  }

  #wrong(option: string, value: unknown, allowed: string): DagsmithError {
    return wrongKind(`DAG "${this.dagId}"`, option, value, allowed);
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
): Dag<StandardSchemaV1.InferOutput<Schema>, undefined> {
  return new Dag<StandardSchemaV1.InferOutput<Schema>, undefined>(id, options);
}

/**
 * Wires tasks one after the other. A list stands side by side: all of it waits for what is before, and what is after waits for all of it.
 * An empty list is passed over, so that a list made in a loop cannot part what is before it from what is after it. A group stands for its first
 * tasks where it comes after something, and for its last ones where something comes after it.
 * @throws DagsmithError SELF_DEPENDENCY, FOREIGN_TASK
 * @example chain(extract, [load, archive], report);
 */
export function chain(...steps: readonly (Wirable | readonly Wirable[])[]): void {
  const groups = steps.map((step) => listOf(step)).filter((group) => group.length > 0);
  const owner = groups
    .flat()
    .find((ref) => ref instanceof TaskRef || ref instanceof TaskGroup)?.dag;
  for (const [index, downstream] of groups.entries()) {
    for (const upstream of groups[index - 1] ?? [])
      for (const ref of downstream) owner?.connect(upstream, ref);
  }
}

/**
 * Whether a value is a DAG, made by this copy of the package or another.
 * @example const { default: found } = await import(path);
 * if (isDag(found)) console.log(found.dagId);
 */
export function isDag(value: unknown): value is Dag<unknown> {
  return typeof value === "object" && value !== null && DAG_BRAND in value;
}

/** Options may be left out. */
function optionsAndBody<Options extends object>(
  rest: readonly unknown[],
): readonly [Options, unknown] {
  return rest.length === 1 ? [{} as Options, rest[0]] : [rest[0] as Options, rest[1]];
}
