/** One DAG of Airflow as a DAG of dagsmith. */
import { type Code, code, NotCarried, objectOf, quoted } from "./code.ts";
import {
  type Edge,
  groupsAround,
  type Note,
  type PythonDag,
  type PythonGroup,
  type PythonNode,
  tasksIn,
} from "./evaluate/python_dag.ts";
import { outputsIn, textOf } from "./evaluate/value.ts";
import type { DagModel, GroupModel, NodeModel } from "./model.ts";
import { eachOf, listSources } from "./operators/mapping.ts";
import type { Carry } from "./options/carry.ts";
import { dagOptions, startOf } from "./options/dag_options.ts";
import { dateOf } from "./options/dates.ts";
import { defaultOptions } from "./options/task_options.ts";
import { type Neighbours, translateTask } from "./translate_task.ts";

/** @param file the name of the Python file */
export function translateDag(dag: PythonDag, airflow: 2 | 3, file: string): DagModel {
  const carry = carryOf(dag, airflow, file);
  const near = neighboursOf(dag);
  const notes: Note[] = [];
  const children = childrenOf(dag, carry, near, notes);
  const { options, notes: own } = dagOptions(carry);
  return {
    ...{ id: dag.id, children, edges: edgesOf(dag, near) },
    options: withoutFailFast(options, children),
    notes: [...dag.notes, ...own, ...notes],
  };
}

function carryOf(dag: PythonDag, airflow: 2 | 3, file: string): Carry {
  const start = startOf(dag);
  const given = dag.args.get("params");
  const params = new Map(given?.kind === "dict" ? given.entries : []);
  const zone = (start && dateOf(start)?.zone) ?? "UTC";
  return { dag, airflow, file, zone, params: new Map([...params, ...dag.params]) };
}

function neighboursOf(dag: PythonDag): Neighbours {
  const tasks = tasksIn(dag);
  const mapped = [...tasks, ...groupsIn(dag)].flatMap((one) => (one.mapped ? [one.mapped] : []));
  return {
    lists: listSources(mapped),
    order: tasks.map(({ fullId }) => fullId),
  };
}

function groupsIn({ children }: PythonGroup | PythonDag): readonly PythonGroup[] {
  return children.flatMap((one) => (one.type === "group" ? [one, ...groupsIn(one)] : []));
}

/** A group without tasks is left out. */
function childrenOf(
  of: PythonDag | PythonGroup,
  carry: Carry,
  near: Neighbours,
  notes: Note[],
): readonly NodeModel[] {
  return of.children.flatMap((child): readonly NodeModel[] => {
    if (child.type === "task") return [translateTask(child, carry, near)];
    const children = childrenOf(child, carry, near, notes);
    return children.length === 0 ? [] : [groupModel(child, children, notes)];
  });
}

function groupModel(group: PythonGroup, children: readonly NodeModel[], notes: Note[]): GroupModel {
  const { options, missing } = defaultOptions(group.args.get("default_args"));
  const defaults = objectOf(options);
  const note = (text: string) =>
    notes.push({ line: group.line, text: `group ${group.fullId}: ${text}` });
  for (const name of missing) note(`${name} of default_args is left out`);
  const tooltip = textOf(group.args.get("tooltip"));
  return {
    ...{ type: "group", group, children },
    options: {
      each: group.mapped ? groupEach(group, note) : undefined,
      prefix: group.prefix ? undefined : code("false"),
      doc: tooltip === undefined || tooltip === "" ? undefined : code(quoted(tooltip)),
      defaults: defaults.text === "{}" ? undefined : defaults,
    },
  };
}

/** A list that only Python knows becomes a list that fails the tasks which read it. */
function groupEach({ mapped }: PythonGroup, note: (text: string) => void): Code {
  try {
    return eachOf(mapped ?? new Map());
  } catch (error) {
    if (!(error instanceof NotCarried)) throw error;
    note(`TODO: ${error.message}`);
    return code('["TODO"] as Json[]');
  }
}

/** Edges that are written. A mapped group is waited for as a whole. */
function edgesOf(dag: PythonDag, { order }: Neighbours): readonly Edge[] {
  const raised = dag.edges.map(({ from, to }) => ({
    from: raise(from, to),
    to: raise(to, from),
  }));
  const isNew = ({ from, to }: Edge, index: number) =>
    from !== to &&
    !isAround(from, to) &&
    !isAround(to, from) &&
    !isInput(from, to, order) &&
    raised.findIndex((one) => one.from === from && one.to === to) === index;
  return raised.filter(isNew).filter(({ from, to }) => hasTasks(from) && hasTasks(to));
}

function hasTasks(node: PythonNode): boolean {
  return node.type === "task" || tasksIn(node).length > 0;
}

/** The outermost mapped group around a node that is not around the other node. */
function raise(node: PythonNode, other: PythonNode): PythonNode {
  const around = groupsAround(node).find(
    (group) => group.mapped !== null && !isAround(group, other),
  );
  return around ?? node;
}

function isAround(group: PythonNode, node: PythonNode): boolean {
  return group.type === "group" && groupsAround(node).includes(group);
}

/** Whether an input, or the list that a task or a group is mapped over, says the edge. */
function isInput(from: PythonNode, to: PythonNode, order: readonly string[]): boolean {
  if (from.type !== "task") return false;
  const mapped = [...(to.mapped?.values() ?? [])].filter(({ kind }) => kind === "output");
  const given = to.type === "task" ? [...to.given.values()] : [];
  const isBefore = to.type === "group" || order.indexOf(from.fullId) < order.indexOf(to.fullId);
  return isBefore && [...mapped, ...given].flatMap(outputsIn).some(({ task }) => task === from);
}

/** A DAG that ends at its first failure has no other trigger rules. */
function withoutFailFast(
  options: DagModel["options"],
  children: readonly NodeModel[],
): DagModel["options"] {
  const hasRule = (node: NodeModel): boolean =>
    node.options.triggerRule !== undefined ||
    (node.type === "group" && node.children.some(hasRule));
  return children.some(hasRule) ? { ...options, failFast: undefined } : options;
}
