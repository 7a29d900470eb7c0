/**
 * What a DAG under construction consists of: its tasks, its groups, and the edges between them. Apart from the builder, so that the ways to
 * declare a task need not know how one is kept; whatever is wrong with one task or one edge is refused here.
 */

import { DagsmithError } from "../errors.ts";
import { refuseBadId } from "../ids.ts";
import { invalidOption, refuseUnknownOptions, wrongKind } from "../option_values.ts";
import { type Each, planOfEach, sourcesOf } from "../task/items.ts";
import {
  sourceOf,
  TASK_DEFAULTS,
  TASK_OPTIONS,
  type TaskDefinition,
  TaskRef,
} from "../task/task.ts";
import type { Dag } from "./dag.ts";
import { type Edge, upstreamOfAll } from "./edges.ts";
import {
  type GivenGroupOptions,
  GROUP_OPTIONS,
  groupsAround,
  mappedAround,
  OPTIONS_OF_LISTS,
  prefixOf,
  TaskGroup,
  type Wirable,
} from "./group.ts";

export class Graph {
  readonly #dag: Dag<unknown>;
  readonly #tasks = new Map<string, TaskRef<unknown>>();
  readonly #groupIds = new Set<string>();
  readonly #groups: TaskGroup[] = [];
  readonly #units: TaskRef<unknown>[] = [];
  readonly #edges: Edge[] = [];
  /** Task id to the ids directly before it, until something is added. */
  #upstream: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  /** The group whose tasks are being declared. */
  #scope: TaskGroup | null = null;

  /** @param dag whose graph it is: that of every reference it makes, and the one that messages name */
  constructor(dag: Dag<unknown>) {
    this.#dag = dag;
  }

  /** In the order in which they were declared. */
  get tasks(): readonly TaskRef<unknown>[] {
    return [...this.#tasks.values()];
  }

  /** Those inside others after them. */
  get groups(): readonly TaskGroup[] {
    return [...this.#groups];
  }

  /** What runs: the tasks, and the groups that run as one. */
  get units(): readonly TaskRef<unknown>[] {
    return [...this.#units];
  }

  find(taskId: string): TaskRef<unknown> | undefined {
    return this.#tasks.get(taskId);
  }

  /** Ids directly before a task or a group that runs as one, in the order in which they were wired; edges of plain groups after others. */
  upstreamOf(taskId: string): readonly string[] {
    this.#upstream ??= upstreamOfAll(this.units, this.#edges);
    return [...(this.#upstream.get(taskId) ?? [])];
  }

  /**
   * Adds a task behind the tasks that it takes something from, in the group that is being declared.
   * @throws DagsmithError INVALID_ID, UNKNOWN_OPTION, DUPLICATE_TASK_ID, DUPLICATE_GROUP_ID, INVALID_OPTION, FOREIGN_TASK, NESTED_MAPPING
   */
  add(localId: string, given: TaskDefinition): TaskRef<unknown> {
    const taskId = this.#idInScope("task", localId);
    const definition = this.#scope === null ? given : { ...given, group: this.#scope };
    const dag = this.#dag.dagId;
    refuseUnknownOptions(
      "task",
      definition.options,
      TASK_OPTIONS,
      `task "${taskId}" of DAG "${dag}"`,
    );
    if (this.#groupIds.has(taskId))
      throw new DagsmithError("DUPLICATE_GROUP_ID", { group: taskId, dag });
    if (this.#tasks.has(taskId))
      throw new DagsmithError("DUPLICATE_TASK_ID", { task: taskId, dag });
    const { each, inputs = {} } = definition.options;
    const ref = new TaskRef<unknown>(this.#dag, taskId, definition);
    if (each !== undefined || definition.loop) this.#refuseNested(ref);
    this.#follow(ref, [...Object.values(inputs).map(sourceOf), ...listsOf(each)]);
    this.#tasks.set(taskId, ref);
    this.#units.push(ref);
    return ref;
  }

  /**
   * Adds a group of all that `declare` adds.
   * @throws DagsmithError INVALID_ID, UNKNOWN_OPTION, DUPLICATE_GROUP_ID, INVALID_OPTION, EMPTY_GROUP, NESTED_MAPPING
   */
  addGroup(localId: string, options: GivenGroupOptions, declare: () => unknown): TaskGroup {
    const groupId = this.#newGroupId(localId, options);
    const before = this.#tasks.size;
    const of = { dag: this.#dag, groupId, parent: this.#scope };
    const group = new TaskGroup(of, options, (made) => {
      if (options.each !== undefined || options.loop) this.#refuseNested(made);
      if (made.unit) this.#units.push(made.unit);
      this.#follow(made, listsOf(options.each));
      return this.#declareIn(made, declare);
    });
    if (this.#tasks.size === before)
      throw new DagsmithError("EMPTY_GROUP", { group: groupId, dag: this.#dag.dagId });
    if (options.loop) this.#refuseWithoutResult(group);
    return group;
  }

  /**
   * Makes `downstream` wait for `upstream`.
   * @throws DagsmithError INVALID_OPTION, FOREIGN_TASK, SELF_DEPENDENCY
   */
  connect(upstream: Wirable, downstream: Wirable): void {
    for (const ref of [upstream, downstream]) this.#refuseForeign(ref);
    const isInside = (one: Wirable, other: Wirable): boolean =>
      one === other || groupsAround(one).some((group) => group === other);
    if (isInside(upstream, downstream) || isInside(downstream, upstream))
      throw new DagsmithError("SELF_DEPENDENCY", { task: idOf(upstream), dag: this.#dag.dagId });
    this.#draw({ from: upstream, to: downstream });
  }

  #draw(edge: Edge): void {
    this.#edges.push(edge);
    this.#upstream = undefined;
  }

  /** Puts something new behind what it takes something from. */
  #follow(added: Wirable, sources: readonly TaskRef<unknown>[]): void {
    this.#upstream = undefined;
    for (const source of sources) {
      this.#refuseForeign(source);
      this.#draw({ from: source, to: added });
    }
  }

  /** Somebody has to say what the next iteration begins with. */
  #refuseWithoutResult(group: TaskGroup): void {
    const { groupId, result } = group;
    if (result instanceof TaskRef && groupsAround(result)[0] === group) return;
    throw this.#wrong(
      `what the body of loop "${groupId}" returns`,
      result,
      "one of its own tasks, whose output the next iteration gets",
    );
  }

  /** An instance has one place in one list. */
  #refuseNested(added: Wirable): void {
    const around = mappedAround(added);
    if (around)
      throw new DagsmithError("NESTED_MAPPING", {
        task: idOf(added),
        group: around.taskId,
        dag: this.#dag.dagId,
      });
  }

  /** Checked alone and with the prefix: either may be what is too long, or reserved. */
  #idInScope(kind: "task" | "group", localId: string): string {
    refuseBadId(kind, localId);
    const id = `${prefixOf(this.#scope)}${localId}`;
    refuseBadId(kind, id);
    return id;
  }

  #newGroupId(localId: string, options: GivenGroupOptions): string {
    const id = this.#idInScope("group", localId);
    const where = `group "${id}" of DAG "${this.#dag.dagId}"`;
    refuseUnknownOptions("group", options, GROUP_OPTIONS, where);
    refuseUnknownOptions("task", options.defaults ?? {}, TASK_DEFAULTS, `defaults of ${where}`);
    refuseMisplacedOptions(options, where);
    if (this.#groupIds.has(id) || this.#tasks.has(id))
      throw new DagsmithError("DUPLICATE_GROUP_ID", { group: id, dag: this.#dag.dagId });
    this.#groupIds.add(id);
    return id;
  }

  #declareIn(group: TaskGroup, declare: () => unknown): unknown {
    this.#scope = group;
    this.#groups.push(group);
    try {
      const result = declare();
      // What is declared after an await would no longer be in the group.
      if (result instanceof Promise)
        throw this.#wrong(
          `the body of group "${group.groupId}"`,
          result,
          "a function that is not async",
        );
      return result;
    } finally {
      this.#scope = group.parent;
    }
  }

  #refuseForeign(ref: Wirable): void {
    if (!(ref instanceof TaskRef || ref instanceof TaskGroup)) {
      throw this.#wrong("a dependency", ref, "what d.task(), d.empty() or d.group() returned");
    }
    if (ref.dag !== this.#dag)
      throw new DagsmithError("FOREIGN_TASK", {
        task: idOf(ref),
        owner: ref.dag.dagId,
        dag: this.#dag.dagId,
      });
  }

  #wrong(option: string, value: unknown, allowed: string): DagsmithError {
    return wrongKind(`DAG "${this.#dag.dagId}"`, option, value, allowed);
  }
}

/** Options that say something of a list would do nothing without one; and a group is a list or a loop. */
function refuseMisplacedOptions(options: GivenGroupOptions, where: string): void {
  if (options.each !== undefined && options.loop)
    throw invalidOption(where, "loop", "set beside each", "one of the two");
  const misplaced =
    options.each === undefined ? OPTIONS_OF_LISTS.find((name) => name in options) : undefined;
  if (misplaced) throw invalidOption(where, misplaced, "set without each", "in a group with each");
}

function listsOf(each: Each<unknown> | undefined): readonly TaskRef<unknown>[] {
  return each === undefined ? [] : sourcesOf(planOfEach(each));
}

function idOf(of: Wirable): string {
  return of instanceof TaskRef ? of.taskId : of.groupId;
}
