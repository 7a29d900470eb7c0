/**
 * Declares tasks that work: the part of a builder that needs no other task to make sense.
 */
import type { JsonOutput } from "../json.ts";
import type { TaskKind, TriggerRule } from "../spec/index.ts";
import type { TaskBody, TaskContext } from "../task/context.ts";
import type {
  GivenContext,
  GivenInputs,
  Listed,
  Named,
  NoInputs,
  PlainOrMappedOptions,
  WhenMapped,
} from "../task/given_options.ts";
import { checkedLoop, type LoopContext, type LoopOptions } from "../task/loop.ts";
import {
  type SensorBody,
  type SensorOptions,
  type SensorTiming,
  timingApart,
} from "../task/sensor.ts";
import type {
  GivenTaskOptions,
  InputRefs,
  InputValues,
  Lineage,
  OutputOf,
  TaskDates,
  TaskDefaults,
  TaskOptions,
} from "../task/task_options.ts";
import type { TaskRef } from "../task/task_ref.ts";
import { optionsAndBody, type Scope } from "./scope.ts";

/** A body whose output JSON can carry. */
export type Work<Output, Context extends TaskContext> = TaskBody<Output, Context> &
  JsonOutput<Output>;

export abstract class TaskBuilder<out Params, out Item> {
  /** Where this builder declares. */
  protected readonly scope: Scope;

  constructor(scope: Scope) {
    this.scope = scope;
  }

  /**
   * Declares a task. Airflow: `@task`, or an operator.
   * @returns a reference to its output; for a mapped task (`each`), to the list of its
   *   instances' outputs
   * @throws DagsmithError DUPLICATE_TASK_ID, INVALID_ID, UNKNOWN_OPTION, INVALID_OPTION,
   *   FOREIGN_TASK, NESTED_MAPPING, OUTER_BUILDER, GROUP_CLOSED
   * @example
   * const rows = d.task("load", { retries: 2 }, async ({ hook }) => {
   *   const lake = await hook(postgresHook("lake"));
   *   return (await lake.execute(sql`insert into trips select * from new_trips`)).rowCount;
   * });
   * d.task("report", { inputs: { rows } }, ({ inputs, log }) =>
   *   log.info(`${inputs.rows} rows`),
   * );
   */
  task<Output>(
    taskId: string,
    body: Work<Output, TaskContext<Params, InputValues<NoInputs>, Item>>,
  ): TaskRef<Output>;
  task<
    Output,
    Names extends PropertyKey,
    Each,
    Of,
    Inputs extends InputRefs = NoInputs,
    Rule extends TriggerRule = "all_success",
    Allowed extends boolean = false,
  >(
    taskId: string,
    options: PlainOrMappedOptions<Names, Each, Inputs, Rule, Allowed, Of, Params, Item> &
      Named<Names> &
      Listed<Each>,
    body: Work<
      Output,
      GivenContext<Names, Params, Inputs, Rule, WhenMapped<Names, Each, Of, Item>>
    >,
  ): TaskRef<WhenMapped<Names, Each, Output[], OutputOf<Output, Allowed>>>;
  task(taskId: string, ...rest: readonly unknown[]): TaskRef<unknown> {
    const [options, body] = optionsAndBody(rest);
    return this.define(taskId, options, body);
  }

  /**
   * Declares a task that prepares something for the tasks after it, which a
   * {@link GroupBuilder.teardown} undoes. In all other respects it is a task like any
   * other. Airflow: `@setup`.
   * @returns a reference to its output
   * @throws DagsmithError as {@link task}
   * @example
   * const cluster = d.setup("create_cluster", async ({ hook }) =>
   *   (await hook(emr("emr"))).create(),
   * );
   */
  setup<Output>(
    taskId: string,
    body: Work<Output, TaskContext<Params, InputValues<NoInputs>, Item>>,
  ): TaskRef<Output>;
  setup<
    Output,
    Names extends PropertyKey,
    Inputs extends InputRefs = NoInputs,
    Rule extends TriggerRule = "all_success",
  >(
    taskId: string,
    options: TaskOptions<Inputs, Rule, false, Params, Item> & Named<Names>,
    body: Work<Output, GivenContext<Names, Params, Inputs, Rule, Item>>,
  ): TaskRef<Output>;
  setup(taskId: string, ...rest: readonly unknown[]): TaskRef<unknown> {
    const [options, body] = optionsAndBody(rest);
    return this.define(taskId, options, body, { type: "setup" });
  }

  /**
   * Declares a loop: a task that runs again, each time with its output of the time
   * before, until `until` returns true.
   * @returns a reference to the outputs of the iterations, in their order
   * @throws DagsmithError as {@link task}; INVALID_OPTION for a loop without a bound
   * @example
   * d.loop(
   *   "pages",
   *   {
   *     initial: { cursor: "", rows: 0 },
   *     until: ({ cursor }) => cursor === "",
   *     maxIterations: 1_000,
   *   },
   *   async ({ previous }) => loadPageAfter(previous.cursor),
   * );
   */
  loop<State, Names extends PropertyKey, Inputs extends InputRefs = NoInputs>(
    taskId: string,
    options: LoopOptions<State, Inputs> & Named<Names>,
    body: TaskBody<
      NoInfer<State>,
      LoopContext<Params, GivenInputs<Names, Inputs>, NoInfer<State>>
    > &
      JsonOutput<State>,
  ): TaskRef<State[]> {
    const given: LoopOptions<State, Inputs> = options ?? {};
    const { initial, until, maxIterations, ...own } = given;
    const checked = this.scope.bodyOf("loop", taskId, body);
    const where = `loop "${taskId}" of DAG "${this.scope.dagId}"`;
    const loop = checkedLoop({ initial, until, maxIterations }, where);
    return this.scope.add(taskId, { options: own, body: checked, loop }) as TaskRef<State[]>;
  }

  /**
   * Declares a sensor: a poke that runs again and again until it answers yes. It uses a
   * slot only while it pokes. Airflow: a sensor with mode="reschedule".
   * @returns a reference to the value of the poke; for a mapped sensor (`each`), to the
   *   list of values
   * @throws DagsmithError as {@link task}
   * @example
   * const file = d.sensor("file", { interval: "5m", timeout: "12h" }, async () =>
   *   existsSync("/data/today.csv"),
   * );
   */
  sensor<Value = null>(
    sensorId: string,
    poke: SensorBody<Value, TaskContext<Params, InputValues<NoInputs>, Item>> & JsonOutput<Value>,
  ): TaskRef<Value>;
  sensor<
    Names extends PropertyKey,
    Each,
    Of,
    Value = null,
    Inputs extends InputRefs = NoInputs,
    Rule extends TriggerRule = "all_success",
    Allowed extends boolean = false,
  >(
    sensorId: string,
    options: PlainOrMappedOptions<Names, Each, Inputs, Rule, Allowed, Of, Params, Item> &
      SensorTiming &
      Named<Names> &
      Listed<Each>,
    poke: SensorBody<
      Value,
      GivenContext<Names, Params, Inputs, Rule, WhenMapped<Names, Each, Of, Item>>
    > &
      JsonOutput<Value>,
  ): TaskRef<WhenMapped<Names, Each, Value[], OutputOf<Value, Allowed>>>;
  sensor(sensorId: string, ...rest: readonly unknown[]): TaskRef<unknown> {
    const [given, poke] = optionsAndBody<SensorOptions<InputRefs>>(rest);
    if (typeof poke !== "function")
      throw this.scope.wrong(
        `the poke of sensor "${sensorId}"`,
        poke,
        "a function of the task context",
      );
    const body = this.scope.bodyOf("task", sensorId, poke);
    return this.scope.add(sensorId, { ...timingApart(given), body });
  }

  /**
   * Declares a task without work, where branches of the graph meet. Airflow:
   * EmptyOperator.
   * @throws DagsmithError as {@link task}
   * @example const loaded = d.empty("loaded");
   */
  empty(
    taskId: string,
    options: TaskDefaults & TaskDates & Lineage & { readonly doc?: string } = {},
  ): TaskRef<null> {
    return this.scope.add(taskId, { options }) as TaskRef<null>;
  }

  /** Declares a task with a body. */
  protected define(
    taskId: string,
    options: unknown,
    body: unknown,
    kind?: TaskKind,
  ): TaskRef<unknown> {
    return this.scope.add(taskId, {
      options: options as GivenTaskOptions,
      body: this.scope.bodyOf("task", taskId, body),
      ...(kind && { kind }),
    });
  }
}
