/**
 * Declares everything that a group, or a DAG, holds: tasks, tasks that decide, and
 * groups.
 */

import { listOf } from "../list.ts";
import type { TriggerRule } from "../spec/index.ts";
import {
  type BranchChoice,
  branchBody,
  type ShortCircuitOptions,
  type SwitchOptions,
} from "../task/branching.ts";
import type { TaskBody, TaskContext } from "../task/context.ts";
import type { GivenContext, Listed, Named, NoInputs, WhenMapped } from "../task/given_options.ts";
import type { InputRefs, InputValues, TaskDefaults, TaskOptions } from "../task/task_options.ts";
import type { TaskRef } from "../task/task_ref.ts";
import { TEARDOWN_RULE, type TeardownOptions } from "../task/teardown.ts";
import { AskBuilder } from "./ask_builder.ts";
import type { GroupOptions, GroupOptionsOf, WhenLooped } from "./group_options.ts";
import { optionsAndBody } from "./scope.ts";
import type { Work } from "./task_builder.ts";
import type { Lists, TaskGroup } from "./task_group.ts";

/**
 * Declares the tasks of a group. The function of {@link group} gets it, and may use it
 * until it returns. Inside that function the builders of the DAG and of outer groups are
 * refused. A {@link Dag} is the builder of the tasks that are in no group, so a function
 * that takes a `GroupBuilder` serves both.
 * @typeParam Params what task bodies get as `params`
 * @typeParam Item what task bodies get as `item`: an element of the list in a mapped
 *   group, the state in a group that loops, else undefined
 * @example
 * function loading(g: GroupBuilder<unknown, string>): TaskRef<number> {
 *   return g.task("load", ({ item }) => item.length);
 * }
 * d.group("files", { each: ["a.csv", "b.csv"] }, loading);
 */
export class GroupBuilder<out Params, out Item> extends AskBuilder<Params, Item> {
  /**
   * Declares a task that undoes setups. It runs once all tasks before it have ended, in
   * whatever state, if at least one of its setups succeeded; it is skipped when all of
   * them were. Its failure does not fail the run, unless `onFailureFailDagRun` is set.
   * Airflow: `@teardown`.
   * @returns a reference to its output
   * @throws DagsmithError as {@link task}
   * @example
   * chain(
   *   cluster,
   *   work,
   *   d.teardown(
   *     "delete_cluster",
   *     { setups: cluster, inputs: { cluster } },
   *     ({ inputs }) => drop(inputs.cluster),
   *   ),
   * );
   */
  teardown<Output, Names extends PropertyKey, Inputs extends InputRefs = NoInputs>(
    taskId: string,
    options: TeardownOptions<Inputs, Params, Item> & Named<Names>,
    body: Work<
      Output,
      GivenContext<Names | "triggerRule", Params, Inputs, typeof TEARDOWN_RULE, Item>
    >,
  ): TaskRef<Output> {
    const { setups = [], onFailureFailDagRun: failsRun = false, ...own } = options;
    if ("triggerRule" in own)
      throw this.scope.wrong(
        `the triggerRule of teardown "${taskId}"`,
        own.triggerRule,
        "nothing: teardowns have their own",
      );
    const kind = { type: "teardown", failsRun } as const;
    const ref = this.define(taskId, { ...own, triggerRule: TEARDOWN_RULE }, body, kind);
    return ref.after(...listOf(setups)) as TaskRef<Output>;
  }

  /**
   * Declares a task that chooses which of the tasks directly after it run. The others are
   * skipped, unless they also come after a chosen task. The choice is kept: a task that
   * was skipped by the branch stays skipped when it is cleared alone. Airflow:
   * `@task.branch`.
   * @returns a reference to the ids of the chosen tasks
   * @throws DagsmithError as {@link task}; the try fails with UNKNOWN_BRANCH for another
   *   task
   * @example
   * const size = d.branch("size", { inputs: { rows } }, ({ inputs }) =>
   *   inputs.rows > 100 ? big : small,
   * );
   * chain(
   *   size,
   *   [small, big],
   *   d.task("join", { triggerRule: "none_failed_min_one_success" }, join),
   * );
   */
  branch(
    taskId: string,
    body: TaskBody<BranchChoice, TaskContext<Params, InputValues<NoInputs>, Item>>,
  ): TaskRef<string[]>;
  branch<
    Names extends PropertyKey,
    Inputs extends InputRefs = NoInputs,
    Rule extends TriggerRule = "all_success",
  >(
    taskId: string,
    options: TaskOptions<Inputs, Rule, false, Params, Item> & Named<Names>,
    body: TaskBody<BranchChoice, GivenContext<Names, Params, Inputs, Rule, Item>>,
  ): TaskRef<string[]>;
  branch(taskId: string, ...rest: readonly unknown[]): TaskRef<string[]> {
    const [options, given] = optionsAndBody(rest);
    const body = branchBody(this.scope.bodyOf("task", taskId, given));
    return this.define(taskId, options, body, { type: "branch" }) as TaskRef<string[]>;
  }

  /**
   * Declares a task that chooses one of several cases: a branch whose choices have names.
   * The tasks of all cases come directly after it.
   * @returns a reference to the name of the chosen case; null when none was chosen
   * @throws DagsmithError as {@link task}; the try fails with UNKNOWN_BRANCH for another
   *   name
   * @example
   * d.switch(
   *   "by_kind",
   *   { inputs: { file }, cases: { csv: loadCsv, json: [parse, load] } },
   *   ({ inputs }) => inputs.file.kind,
   * );
   */
  switch<
    Name extends string,
    Names extends PropertyKey,
    Inputs extends InputRefs = NoInputs,
    Rule extends TriggerRule = "all_success",
  >(
    taskId: string,
    options: SwitchOptions<Inputs, Name, Rule, Params, Item> & Named<Names>,
    body: TaskBody<NoInfer<Name> | null, GivenContext<Names, Params, Inputs, Rule, Item>>,
  ): TaskRef<Name | null> {
    const { cases, ...own } = options;
    const named = Object.entries<TaskRef<unknown> | readonly TaskRef<unknown>[]>(cases).map(
      ([name, refs]) => [name, listOf(refs)] as const,
    );
    const ids = Object.fromEntries(
      named.map(([name, refs]) => [name, refs.map((ref) => ref.taskId)]),
    );
    const ref = this.define(taskId, own, body, { type: "switch", cases: ids });
    return ref.before(...named.flatMap(([, refs]) => refs)) as TaskRef<Name | null>;
  }

  /**
   * Declares a task that may stop the way through it: when its body returns `false` or an
   * empty list, all tasks after it are skipped, whatever their trigger rules, except
   * teardowns. With any other value, such as 0 or "", the run goes on. Airflow:
   * `@task.short_circuit`.
   * @returns a reference to its output
   * @throws DagsmithError as {@link task}
   * @example
   * chain(
   *   d.shortCircuit("any_rows", { inputs: { rows } }, ({ inputs }) => inputs.rows > 0),
   *   load,
   * );
   */
  shortCircuit<Output>(
    taskId: string,
    body: Work<Output, TaskContext<Params, InputValues<NoInputs>, Item>>,
  ): TaskRef<Output>;
  shortCircuit<
    Output,
    Names extends PropertyKey,
    Inputs extends InputRefs = NoInputs,
    Rule extends TriggerRule = "all_success",
  >(
    taskId: string,
    options: ShortCircuitOptions<Inputs, Rule, Params, Item> & Named<Names>,
    body: Work<Output, GivenContext<Names, Params, Inputs, Rule, Item>>,
  ): TaskRef<Output>;
  shortCircuit(taskId: string, ...rest: readonly unknown[]): TaskRef<unknown> {
    const [{ ignoreDownstreamTriggerRules = true, ...own }, body] =
      optionsAndBody<ShortCircuitOptions<InputRefs>>(rest);
    const directOnly = !ignoreDownstreamTriggerRules;
    return this.define(taskId, own, body, { type: "short_circuit", directOnly });
  }

  /**
   * Declares a task that lets the tasks directly after it run only in the latest run of
   * the schedule. In a run that catches up they are skipped. Manual runs, and runs whose
   * intervals have no length, count as latest. Airflow: LatestOnlyOperator.
   * @returns a reference to whether the run was the latest
   * @throws DagsmithError as {@link task}
   * @example chain(d.latestOnly("latest"), notify);
   */
  latestOnly(
    taskId: string,
    options: TaskDefaults & { readonly doc?: string } = {},
  ): TaskRef<boolean> {
    return this.scope.add(taskId, { options, kind: { type: "latest_only" } }) as TaskRef<boolean>;
  }

  /**
   * Declares a group of tasks. The ids of its tasks begin with its own id. A mapped group
   * (`each`) runs once for each element of a list: its tasks get the element as `item`,
   * and each other's outputs for the same element. A group with a `loop` runs again until
   * its result is enough. Airflow: `@task_group`.
   * @param declare gets the group's builder, and is called at once. Its return value
   *   becomes the `result` of the group; of a mapped group, with lists of outputs
   * @throws DagsmithError DUPLICATE_GROUP_ID, INVALID_ID, UNKNOWN_OPTION, INVALID_OPTION,
   *   EMPTY_GROUP, NESTED_MAPPING, OUTER_BUILDER, GROUP_CLOSED
   * @example
   * const extract = d.group("extract", { defaults: { retries: 3 } }, (g) => {
   *   const rows = g.task("rows", readRows); // its id is extract.rows
   *   return { rows, checked: g.task("check", { inputs: { rows } }, check) };
   * });
   * d.task("load", { inputs: { rows: extract.result.rows } }, load).after(extract);
   * d.group("import", { each: files, retries: 1 }, (g) => {
   *   // import.read, once for each file
   *   const rows = g.task("read", ({ item }) => read(item));
   *   return g.task("load", { inputs: { rows } }, ({ inputs }) => load(inputs.rows));
   * });
   * d.group(
   *   "pages",
   *   { loop: { initial: "", until: (cursor) => cursor === "", maxIterations: 100 } },
   *   (g) => {
   *     // item: the result of the iteration before
   *     const page = g.task("fetch", ({ item }) => fetchPage(item));
   *     return g.task(
   *       "store",
   *       { inputs: { page } },
   *       async ({ inputs }) => (await store(inputs.page)).nextCursor,
   *     );
   *   },
   * );
   */
  group<Result>(
    groupId: string,
    declare: (g: GroupBuilder<Params, Item>) => Result,
  ): TaskGroup<Result>;
  group<Result, State, Names extends PropertyKey, Each, Of>(
    groupId: string,
    options: GroupOptionsOf<Names, Each, Of, State> & Named<Names> & Listed<Each>,
    declare: (
      g: GroupBuilder<Params, WhenMapped<Names, Each, Of, WhenLooped<Names, NoInfer<State>, Item>>>,
    ) => WhenLooped<Names, TaskRef<NoInfer<State>>, Result>,
  ): TaskGroup<WhenMapped<Names, Each, Lists<Result>, WhenLooped<Names, TaskRef<State[]>, Result>>>;
  group(groupId: string, ...rest: readonly unknown[]): TaskGroup {
    const [options, declare] = optionsAndBody<GroupOptions>(rest);
    if (typeof declare !== "function")
      throw this.scope.wrong(
        `the body of group "${groupId}"`,
        declare,
        "a function that declares tasks",
      );
    return this.scope.addGroup(groupId, options, (inside) => declare(new GroupBuilder(inside)));
  }
}
