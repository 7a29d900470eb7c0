/**
 * What a DAG under construction consists of: its tasks, its groups, and the edges between them. Apart from the builder, so that the ways to
 * declare a task need not know how one is kept; whatever is wrong with one task or one edge is refused here.
 */
import type { Dag } from "./dag.ts";
import { DagsmithError } from "./errors.ts";
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
import { refuseBadId } from "./ids.ts";
import { planOfEach, sourcesOf } from "./items.ts";
import { refuseUnknownOptions, wrongKind } from "./option_values.ts";
import { sourceOf, TASK_DEFAULTS, TASK_OPTIONS, type TaskDefinition, TaskRef } from "./task.ts";

export class Graph {
  readonly #dag: Dag<unknown>;
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

  find(taskId: string): TaskRef<unknown> | undefined {
    return this.#tasks.get(taskId);
  }

  /** Ids directly before a task, in the order in which they were wired; edges of groups after those of tasks. */
  upstreamOf(taskId: string): readonly string[] {
    this.#edges ??= withGroupEdges(this.tasks, this.#upstream, this.#groupEdges);
    return [...(this.#edges.get(taskId) ?? [])];
  }

  /**
   * Adds a task behind the tasks that it takes something from, in the group that is being declared.
   * @throws DagsmithError INVALID_ID, UNKNOWN_OPTION, DUPLICATE_TASK_ID, DUPLICATE_GROUP_ID, INVALID_OPTION, FOREIGN_TASK
   */
  add(localId: string, given: TaskDefinition): TaskRef<unknown> {
    const taskId = this.#idInScope("task", localId);
    const definition = this.#scope === null ? given : { ...given, group: this.#scope };
    const dag = this.#dag.dagId;
    refuseUnknownOptions("task", definition.options, TASK_OPTIONS, `task "${taskId}" of DAG "${dag}"`);
    if (this.#groupIds.has(taskId)) throw new DagsmithError("DUPLICATE_GROUP_ID", { group: taskId, dag });
    if (this.#tasks.has(taskId)) throw new DagsmithError("DUPLICATE_TASK_ID", { task: taskId, dag });
    const { each, inputs = {} } = definition.options;
    const sources = [...Object.values(inputs).map(sourceOf), ...(each === undefined ? [] : sourcesOf(planOfEach(each)))];
    for (const source of sources) this.#refuseForeign(source);
    const ref = new TaskRef<unknown>(this.#dag, taskId, definition);
    this.#tasks.set(taskId, ref);
    this.#edges = undefined;
    this.#upstream.set(taskId, new Set(sources.map((source) => source.taskId)));
    return ref;
  }

  /**
   * Adds a group of all that `declare` adds.
   * @throws DagsmithError INVALID_ID, UNKNOWN_OPTION, DUPLICATE_GROUP_ID, INVALID_OPTION, EMPTY_GROUP
   */
  addGroup(localId: string, options: GroupOptions, declare: () => unknown): TaskGroup {
    const groupId = this.#newGroupId(localId, options);
    const before = this.#tasks.size;
    const of = { dag: this.#dag, groupId, parent: this.#scope };
    const group = new TaskGroup(of, options, (made) => this.#declareIn(made, declare));
    if (this.#tasks.size === before) throw new DagsmithError("EMPTY_GROUP", { group: groupId, dag: this.#dag.dagId });
    return group;
  }

  /**
   * Makes `downstream` wait for `upstream`.
   * @throws DagsmithError INVALID_OPTION, FOREIGN_TASK, SELF_DEPENDENCY
   */
  connect(upstream: Wirable, downstream: Wirable): void {
    for (const ref of [upstream, downstream]) this.#refuseForeign(ref);
    const isInside = (one: Wirable, other: Wirable): boolean => one === other || groupsAround(one).some((group) => group === other);
    if (isInside(upstream, downstream) || isInside(downstream, upstream))
      throw new DagsmithError("SELF_DEPENDENCY", { task: idOf(upstream), dag: this.#dag.dagId });
    if (upstream instanceof TaskRef && downstream instanceof TaskRef) this.#upstream.get(downstream.taskId)?.add(upstream.taskId);
    else this.#groupEdges.push({ from: upstream, to: downstream });
    this.#edges = undefined;
  }

  /** Checked alone and with the prefix: either may be what is too long, or reserved. */
  #idInScope(kind: "task" | "group", localId: string): string {
    refuseBadId(kind, localId);
    const id = `${prefixOf(this.#scope)}${localId}`;
    refuseBadId(kind, id);
    return id;
  }

  #newGroupId(localId: string, options: GroupOptions): string {
    const id = this.#idInScope("group", localId);
    const where = `group "${id}" of DAG "${this.#dag.dagId}"`;
    refuseUnknownOptions("group", options, GROUP_OPTIONS, where);
    refuseUnknownOptions("task", options.defaults ?? {}, TASK_DEFAULTS, `defaults of ${where}`);
    if (this.#groupIds.has(id) || this.#tasks.has(id)) throw new DagsmithError("DUPLICATE_GROUP_ID", { group: id, dag: this.#dag.dagId });
    this.#groupIds.add(id);
    return id;
  }

  #declareIn(group: TaskGroup, declare: () => unknown): unknown {
    this.#scope = group;
    this.#groups.push(group);
    try {
      const result = declare();
      // What is declared after an await would no longer be in the group.
      if (result instanceof Promise) throw this.#wrong(`the body of group "${group.groupId}"`, result, "a function that is not async");
      return result;
    } finally {
      this.#scope = group.parent;
    }
  }

  #refuseForeign(ref: Wirable): void {
    if (!(ref instanceof TaskRef || ref instanceof TaskGroup)) {
      throw this.#wrong("a dependency", ref, "what d.task(), d.empty() or d.group() returned");
    }
    if (ref.dag !== this.#dag) throw new DagsmithError("FOREIGN_TASK", { task: idOf(ref), owner: ref.dag.dagId, dag: this.#dag.dagId });
  }

  #wrong(option: string, value: unknown, allowed: string): DagsmithError {
    return wrongKind(`DAG "${this.#dag.dagId}"`, option, value, allowed);
  }
}

function idOf(of: Wirable): string {
  return of instanceof TaskRef ? of.taskId : of.groupId;
}
