/** A DAG as the text of a TypeScript file. */
import { type Code, commentLine, INDENT, keyOf, quoted, withReferences } from "../code.ts";
import type { Edge, PythonGroup, PythonNode } from "../evaluate/python_dag.ts";
import type { DagModel, GroupModel, NodeModel, TaskModel } from "../model.ts";
import { chainsOf } from "./chains.ts";
import { importLines } from "./import_lines.ts";
import { callText, optionsText } from "./layout.ts";
import { type Place, placeOf, type References, reference, returningGroups } from "./references.ts";
import { nodeOf, nodesIn, variablesOf } from "./variables.ts";

/** What the printing of a DAG knows. */
interface Printer extends References {
  readonly dag: DagModel;
  /** Ids of tasks and groups that something names. */
  readonly named: ReadonlySet<string>;
  /** What each group returns, by the group's id. */
  readonly results: ReadonlyMap<string, readonly PythonNode[]>;
}

/** A DAG needs a task. */
const NO_TASK =
  'd.task("todo", () => {\n  throw new FailTask("TODO: no task of the DAG could be read");\n});';

/** @param file the name of the Python file */
export function printDag(dag: DagModel, file: string): string {
  const printer = printerOf(dag);
  const body = [
    ...dag.notes.map(({ line, text }) => commentLine(`TODO (${file} line ${line}): ${text}`)),
    `const d = ${callText("dag", [quoted(dag.id), ...optionsText(dag.options, 0)], 0)};`,
    "",
    ...(dag.children.length > 0
      ? dag.children.map((child) => nodeText(child, null, 0, printer))
      : [NO_TASK]),
    ...chainLines(null, 0, printer),
    "",
    "export default d;",
    "",
  ].join("\n");
  const source = file.replaceAll("*/", "* /");
  const head = `/** The DAG ${dag.id} of ${source}, made by \`dag import airflow\`. */`;
  return `${head}\n${importLines(codesIn(dag), body)}\n\n${body}`;
}

function codesIn({ options, children }: DagModel): readonly Code[] {
  const nodes = nodesIn(children).flatMap((node) => [
    ...Object.values(node.options),
    ...(node.type === "task"
      ? [node.declaration.body ?? undefined, ...Object.values(node.declaration.options)]
      : []),
  ]);
  return [...Object.values(options), ...nodes].filter((one) => one !== undefined);
}

function printerOf(dag: DagModel): Printer {
  const models = nodesIn(dag.children);
  const nodes = new Map(models.map((model) => [nodeOf(model).fullId, nodeOf(model)]));
  const uses = [...models.flatMap((model) => usesIn(model, nodes)), ...dag.edges.flatMap(usesOf)];
  const returned = uses.flatMap(({ node, place }) =>
    returningGroups(node, place).map((group) => [group, node] as const),
  );
  const results = new Map<string, PythonNode[]>();
  for (const [group, node] of returned)
    results.set(group.fullId, [...new Set([...(results.get(group.fullId) ?? []), node])]);
  const named = new Set([
    ...uses.map(({ node }) => node.fullId),
    ...returned.map(([group]) => group.fullId),
  ]);
  return { dag, variables: variablesOf(dag.children), nodes, named, results };
}

interface Use {
  readonly node: PythonNode;
  readonly place: Place;
}

function usesOf({ from, to }: Edge): readonly Use[] {
  const place = placeOf(from, to);
  return [from, to].map((node) => ({ node, place }));
}

/** The tasks that the options of a task or a group name. */
function usesIn(model: NodeModel, nodes: ReadonlyMap<string, PythonNode>): readonly Use[] {
  const place = parentOf(nodeOf(model));
  const texts = Object.values(model.options).map((one) => one?.text ?? "");
  const found: Use[] = [];
  withReferences(texts.join(" "), (fullId) => {
    const node = nodes.get(fullId);
    if (node) found.push({ node, place });
    return "";
  });
  return found;
}

function parentOf({ parent }: PythonNode): Place {
  return parent.type === "group" ? parent : null;
}

function nodeText(model: NodeModel, place: Place, indent: number, printer: Printer): string {
  const node = nodeOf(model);
  const call =
    model.type === "task"
      ? taskCall(model, place, indent, printer)
      : groupCall(model, place, indent, printer);
  const name = printer.named.has(node.fullId)
    ? `const ${printer.variables.get(node.fullId)} = `
    : "";
  const todo = model.type === "task" ? model.todo : [];
  const comments = todo.map((reason) => `${pad(indent)}${commentLine(`TODO: ${reason}`)}\n`);
  return `${comments.join("")}${pad(indent)}${name}${call};`;
}

function pad(indent: number): string {
  return " ".repeat(indent);
}

function taskCall(model: TaskModel, place: Place, indent: number, printer: Printer): string {
  const { task, declaration } = model;
  const { called, body } = declaration;
  const options = { ...declaration.options, ...model.options };
  const work = body ?? (task.role === "teardown" ? { text: "() => null", imports: [] } : null);
  const args = [
    quoted(task.id),
    ...(called ? [called.text] : []),
    ...optionsText(options, indent, task.role === "teardown"),
    ...(work ? [work.text.replaceAll(INDENT, pad(indent))] : []),
  ];
  const head = `${builderName(place)}.${functionOf(model, printer)}`;
  return withReferences(callText(head, args, indent), (fullId) => {
    const node = printer.nodes.get(fullId);
    return node ? reference(node, place, printer) : quoted(fullId);
  });
}

/** A task right after a setup has the rule `all_success`; else the setup is a plain task. */
function functionOf({ task, declaration }: TaskModel, { dag }: Printer): string {
  const { builder } = declaration;
  if (task.role === "teardown" && (builder === "task" || builder === "empty")) return "teardown";
  if (task.role !== "setup" || builder !== "task") return builder;
  const after = new Set(dag.edges.flatMap(({ from, to }) => (from === task ? [to] : [])));
  const hasRule = nodesIn(dag.children).some(
    (model) => after.has(nodeOf(model)) && model.options.triggerRule !== undefined,
  );
  return hasRule ? "task" : "setup";
}

/** The builder of the DAG, or the one that the innermost group's function gets. */
function builderName(place: Place): string {
  return place === null ? "d" : "g";
}

function groupCall(model: GroupModel, place: Place, indent: number, printer: Printer): string {
  const { group, children, options } = model;
  const inner = indent + 2;
  const results = printer.results.get(group.fullId) ?? [];
  const lines = [
    ...children.map((child) => nodeText(child, group, inner, printer)),
    ...chainLines(group, inner, printer),
    ...(results.length === 0
      ? []
      : [`${pad(inner)}return ${resultText(results, group, printer)};`]),
  ];
  const declare = `(g) => {\n${lines.join("\n")}\n${pad(indent)}}`;
  const text = withReferences(optionsText(options, indent).join(", "), (fullId) => {
    const node = printer.nodes.get(fullId);
    return node ? reference(node, place, printer) : quoted(fullId);
  });
  const args = [quoted(group.id), ...(text === "" ? [] : [text]), declare];
  return `${builderName(place)}.group(${args.join(", ")})`;
}

function resultText(results: readonly PythonNode[], group: PythonGroup, printer: Printer): string {
  const fields = results.map((node) => {
    const name = printer.variables.get(node.fullId) ?? node.fullId;
    const value = reference(node, group, printer);
    return name === value ? name : `${keyOf(name)}: ${value}`;
  });
  return `{ ${fields.join(", ")} }`;
}

function chainLines(place: Place, indent: number, printer: Printer): readonly string[] {
  const edges = printer.dag.edges.filter(({ from, to }) => placeOf(from, to) === place);
  const write = (node: PythonNode) => reference(node, place, printer);
  return chainsOf(edges).map((steps) => {
    const args = steps.map(([first, ...rest]) =>
      rest.length === 0 ? write(first) : `[${[first, ...rest].map(write).join(", ")}]`,
    );
    return `${pad(indent)}${callText("chain", args, indent)};`;
  });
}
