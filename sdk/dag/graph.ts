/**
 * The parts of a DAG under construction: its tasks, its groups, and the edges between
 * them. Apart from the builders, so that the ways to declare a task need not know how a
 * task is kept. Every mistake in one task or one edge is refused here.
 */
import { DagsmithError } from "../errors.ts";
import { refuseBadId } from "../ids.ts";
import { refuseUnknownOptions, wrongKind } from "../option_values.ts";
import { type Each, planOfEach, sourcesOf } from "../task/items.ts";
import { type DeclaredTask, taskRef } from "../task/task_definition.ts";
import { sourceOf, TASK_DEFAULTS, TASK_OPTIONS } from "../task/task_options.ts";
import { TaskRef } from "../task/task_ref.ts";
import { type DagHandle, dagOf, type Wirable } from "../task/wirable.ts";
import type { DagOptions } from "./dag_options.ts";
import { checkedOutputs, type OutputRefs } from "./dag_output.ts";
import { type Edge, upstreamOfAll } from "./edges.ts";
import { GroupDefinition, prefixOf, withGroupsAround } from "./group_definition.ts";
import { type GivenGroupOptions, GROUP_OPTIONS, refuseMisplacedOptions } from "./group_options.ts";
import { groupTask } from "./group_task.ts";
import { inheritedByTask } from "./inherited.ts";
import { groupsAround, idOf, mappedGroupAround, type Node } from "./node.ts";
import { groupDefinitionOf, TaskGroup } from "./task_group.ts";

export class Graph implements DagHandle {
  readonly dagId: string;
  readonly options: DagOptions;
  readonly #tasks = new Map<string, TaskRef<unknown>>();
  readonly #groupIds = new Set<string>();
  readonly #groups: GroupDefinition[] = [];
  readonly #runnables: TaskRef<unknown>[] = [];
  readonly #edges: Edge[] = [];
  /** Id of a runnable to the ids directly before it, until something is added. */
  #upstream: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  /** What a call of the DAG returns; null: nothing. */
  #output: OutputRefs | null = null;
  /** The group whose function runs. */
  #open: GroupDefinition | null = null;

  constructor(dagId: string, options: DagOptions) {
    this.dagId = dagId;
    this.options = options;
  }

  /** In the order of declaration. */
  get tasks(): readonly TaskRef<unknown>[] {
    return [...this.#tasks.values()];
  }

  /** In the order of declaration: outer groups before the groups inside them. */
  get groups(): readonly GroupDefinition[] {
    return [...this.#groups];
  }

  /** What runs: the tasks, and the tasks of groups that have instances. */
  get runnables(): readonly TaskRef<unknown>[] {
    return [...this.#runnables];
  }

  /** What a call of the DAG returns; null: nothing. */
  get output(): OutputRefs | null {
    return this.#output;
  }

  /** @throws DagsmithError INVALID_OPTION for a second output, and for foreign tasks */
  returns(outputs: OutputRefs): void {
    if (this.#output) throw this.#wrong("output()", outputs, "one call of output()");
    this.#output = checkedOutputs(this, outputs, `DAG "${this.dagId}"`);
  }

  /** The task with this id; undefined when there is none. */
  find(taskId: string): TaskRef<unknown> | undefined {
    return this.#tasks.get(taskId);
  }

  /**
   * Ids directly before a runnable, in the order of wiring. Edges of plain groups come
   * after others.
   */
  upstreamOf(taskId: string): readonly string[] {
    this.#upstream ??= upstreamOfAll(this.#runnables, this.#edges);
    return [...(this.#upstream.get(taskId) ?? [])];
  }

  /**
   * Adds a task, after the tasks whose outputs it takes.
   * @param group the group whose builder declares it; null for that of the DAG
   * @throws DagsmithError OUTER_BUILDER, GROUP_CLOSED, INVALID_ID, UNKNOWN_OPTION,
   *   DUPLICATE_TASK_ID, DUPLICATE_GROUP_ID, INVALID_OPTION, FOREIGN_TASK, NESTED_MAPPING
   */
  add(group: GroupDefinition | null, localId: string, declared: DeclaredTask): TaskRef<unknown> {
    this.#refuseWrongBuilder(group, localId);
    const taskId = this.#newTaskId(group, localId, declared.options);
    const inherited = inheritedByTask(this.options, withGroupsAround(group));
    const ref = taskRef(this, taskId, { ...declared, group, inherited });
    const { each, inputs = {} } = declared.options;
    if (each !== undefined || declared.loop) this.#refuseNested(ref);
    this.#follow(ref, [...Object.values(inputs).map(sourceOf), ...listsOf(each)]);
    this.#tasks.set(taskId, ref);
    this.#runnables.push(ref);
    return ref;
  }

  /**
   * Adds a group of everything that `declare` adds.
   * @param parent the group whose builder declares it; null for that of the DAG
   * @throws DagsmithError OUTER_BUILDER, GROUP_CLOSED, INVALID_ID, UNKNOWN_OPTION,
   *   DUPLICATE_GROUP_ID, INVALID_OPTION, EMPTY_GROUP, NESTED_MAPPING
   */
  addGroup(
    parent: GroupDefinition | null,
    localId: string,
    options: GivenGroupOptions,
    declare: (group: GroupDefinition) => unknown,
  ): TaskGroup {
    this.#refuseWrongBuilder(parent, localId);
    const groupId = this.#newGroupId(parent, localId, options);
    const of = { groupId, parent };
    const group = new GroupDefinition(of, options, groupTask(this, of, options));
    if (options.each !== undefined || options.loop) this.#refuseNested(group);
    if (group.task) this.#runnables.push(group.task);
    this.#follow(group, listsOf(options.each));
    const before = this.#tasks.size;
    group.result = this.#declareIn(group, declare);
    if (this.#tasks.size === before)
      throw new DagsmithError("EMPTY_GROUP", { group: groupId, dag: this.dagId });
    if (options.loop) this.#refuseWithoutResult(group);
    return new TaskGroup(this, group);
  }

  /**
   * Makes `downstream` wait for `upstream`.
   * @throws DagsmithError INVALID_OPTION, FOREIGN_TASK, SELF_DEPENDENCY
   */
  connect(upstream: Wirable, downstream: Wirable): void {
    const [from, to] = [this.#nodeOf(upstream), this.#nodeOf(downstream)];
    if (isInside(from, to) || isInside(to, from))
      throw new DagsmithError("SELF_DEPENDENCY", { task: idOf(from), dag: this.dagId });
    this.#draw({ from, to });
  }

  #draw(edge: Edge): void {
    this.#edges.push(edge);
    this.#upstream = undefined;
  }

  /** Draws edges from the tasks whose outputs a new node takes. */
  #follow(added: Node, sources: readonly TaskRef<unknown>[]): void {
    this.#upstream = undefined;
    for (const source of sources) this.#draw({ from: this.#nodeOf(source), to: added });
  }

  /**
   * A builder declares in its own group. While the function of a group runs, a builder
   * from outside would declare outside without a sign of it in the code; a builder that
   * outlives its function would change a group that is already wired.
   */
  #refuseWrongBuilder(group: GroupDefinition | null, localId: string): void {
    if (group === this.#open) return;
    const id = String(localId);
    if (this.#open && (group === null || withGroupsAround(this.#open).includes(group)))
      throw new DagsmithError("OUTER_BUILDER", {
        id,
        dag: this.dagId,
        group: this.#open.groupId,
        builder: group === null ? "the DAG" : `group "${group.groupId}"`,
      });
    if (group)
      throw new DagsmithError("GROUP_CLOSED", { id, dag: this.dagId, group: group.groupId });
  }

  /** Without a result, the next iteration of a loop has nothing to begin with. */
  #refuseWithoutResult(group: GroupDefinition): void {
    const { groupId, result } = group;
    if (result instanceof TaskRef && groupsAround(result)[0] === group) return;
    throw this.#wrong(
      `what the body of loop "${groupId}" returns`,
      result,
      "one of its own tasks, whose output the next iteration gets",
    );
  }

  /** An instance has one index in one list. */
  #refuseNested(added: Node): void {
    const mapped = mappedGroupAround(added);
    if (mapped)
      throw new DagsmithError("NESTED_MAPPING", {
        task: idOf(added),
        group: mapped.taskId,
        dag: this.dagId,
      });
  }

  #newTaskId(group: GroupDefinition | null, localId: string, options: object): string {
    const id = idIn(group, "task", localId);
    refuseUnknownOptions("task", options, TASK_OPTIONS, `task "${id}" of DAG "${this.dagId}"`);
    if (this.#groupIds.has(id))
      throw new DagsmithError("DUPLICATE_GROUP_ID", { group: id, dag: this.dagId });
    if (this.#tasks.has(id))
      throw new DagsmithError("DUPLICATE_TASK_ID", { task: id, dag: this.dagId });
    return id;
  }

  #newGroupId(parent: GroupDefinition | null, localId: string, options: GivenGroupOptions): string {
    const id = idIn(parent, "group", localId);
    const where = `group "${id}" of DAG "${this.dagId}"`;
    refuseUnknownOptions("group", options, GROUP_OPTIONS, where);
    refuseUnknownOptions("task", options.defaults ?? {}, TASK_DEFAULTS, `defaults of ${where}`);
    refuseMisplacedOptions(options, where);
    if (this.#groupIds.has(id) || this.#tasks.has(id))
      throw new DagsmithError("DUPLICATE_GROUP_ID", { group: id, dag: this.dagId });
    this.#groupIds.add(id);
    return id;
  }

  #declareIn(group: GroupDefinition, declare: (group: GroupDefinition) => unknown): unknown {
    this.#open = group;
    this.#groups.push(group);
    try {
      const result = declare(group);
      // Declarations after an await would come when the group is closed.
      if (result instanceof Promise)
        throw this.#wrong(
          `the body of group "${group.groupId}"`,
          result,
          "a function that is not async",
        );
      return result;
    } finally {
      this.#open = group.parent;
    }
  }

  /** @throws DagsmithError INVALID_OPTION, FOREIGN_TASK */
  #nodeOf(ref: Wirable): Node {
    if (!(ref instanceof TaskRef || ref instanceof TaskGroup))
      throw this.#wrong("a dependency", ref, "what d.task(), d.empty() or d.group() returned");
    const node = ref instanceof TaskRef ? ref : groupDefinitionOf(ref);
    const { dagId: owner } = dagOf(ref);
    if (dagOf(ref) !== this)
      throw new DagsmithError("FOREIGN_TASK", { task: idOf(node), owner, dag: this.dagId });
    return node;
  }

  #wrong(option: string, value: unknown, allowed: string): DagsmithError {
    return wrongKind(`DAG "${this.dagId}"`, option, value, allowed);
  }
}

/** The graph in which a task or a group was declared. */
export function graphAround(of: Wirable): Graph {
  return dagOf(of) as Graph;
}

function listsOf(each: Each<unknown> | undefined): readonly TaskRef<unknown>[] {
  return each === undefined ? [] : sourcesOf(planOfEach(each));
}

/** Checked alone and with the prefix: either may be too long, or reserved. */
function idIn(group: GroupDefinition | null, kind: "task" | "group", localId: string): string {
  refuseBadId(kind, localId);
  const id = `${prefixOf(group)}${localId}`;
  refuseBadId(kind, id);
  return id;
}

function isInside(node: Node, other: Node): boolean {
  return node === other || groupsAround(node).some((group) => group === other);
}
