/** Statements, from the nodes of the parser. */
import { tableOf } from "../table_of.ts";
import { byCommas, type PythonNode, separated } from "./node.ts";
import { readArguments, readExpression, readExpressions } from "./read_expression.ts";
import type { Expression, Parameter, PythonFunction, Statement } from "./tree.ts";

/** The statements of a file, or of a body. */
export function readStatements(nodes: readonly PythonNode[]): readonly Statement[] {
  return nodes.flatMap((node) =>
    node.name === "StatementGroup" ? readStatements(node.children) : readStatement(node),
  );
}

type Reader = (node: PythonNode) => Statement | null;

function readStatement(node: PythonNode): Statement {
  return READERS[node.name]?.(node) ?? { ...placeOf(node), type: "other" };
}

function placeOf({ line, text }: PythonNode): { readonly line: number; readonly text: string } {
  return { line, text };
}

function bodyOf(body: PythonNode | undefined): readonly Statement[] {
  return readStatements((body?.children ?? []).filter(({ name }) => name !== ":"));
}

const READERS: Readonly<Record<string, Reader>> = tableOf({
  ImportStatement: (node) => ({ ...placeOf(node), type: "import", names: importedNames(node) }),
  ExpressionStatement: (node) => ({
    ...placeOf(node),
    type: "expression",
    value: readExpressions(node.children, node),
  }),
  AssignStatement: readAssignment,
  UpdateStatement: (node) => {
    const [target, operator, value] = node.children;
    if (!target || operator?.text !== "+=" || !value) return null;
    return {
      ...placeOf(node),
      type: "update",
      target: readExpression(target),
      value: readExpression(value),
    };
  },
  WithStatement: readWith,
  FunctionDefinition: (node) => ({ ...placeOf(node), type: "function", of: readFunction(node) }),
  DecoratedStatement: readDecorated,
  ClassDefinition: (node) => ({
    ...placeOf(node),
    type: "class",
    name: node.children.find(({ name }) => name === "VariableName")?.text ?? "",
  }),
  ForStatement: readFor,
  IfStatement: (node) => ({ ...placeOf(node), type: "if", branches: branchesOf(node) }),
  TryStatement: (node) => ({
    ...placeOf(node),
    type: "try",
    body: bodyOf(node.children.find(({ name }) => name === "Body")),
  }),
  ReturnStatement: (node) => {
    const value = node.children.slice(1);
    return {
      ...placeOf(node),
      type: "return",
      value: value.length === 0 ? null : readExpressions(value, node),
    };
  },
});

function importedNames(
  node: PythonNode,
): readonly { readonly local: string; readonly path: string }[] {
  const at = node.children.findIndex(({ name }) => name === "import");
  const from = node.children.slice(0, at).slice(1);
  const prefix = textOf(from);
  return byCommas(node.children.slice(at + 1).filter(({ name }) => !/^[()]$/.test(name))).map(
    (part) => importedName(part, prefix),
  );
}

function importedName(part: readonly PythonNode[], prefix: string) {
  const [name = [], alias = []] = separated(part, (node) => node.name === "as");
  const path = [prefix, textOf(name)].filter((one) => one !== "").join(".");
  if (alias.length > 0) return { local: textOf(alias), path };
  // `import a.b` binds the name a.
  const [first = ""] = textOf(name).split(".");
  return { local: first, path: prefix === "" ? first : path };
}

function textOf(nodes: readonly PythonNode[]): string {
  return nodes.map(({ text }) => text).join("");
}

function readAssignment(node: PythonNode): Statement | null {
  const untyped = node.children.filter(({ name }) => name !== "TypeDef");
  const parts = separated(untyped, ({ name }) => name === "AssignOp");
  const [value, ...targets] = parts.toReversed().map((part) => readExpressions(part, node));
  return value && targets.length > 0 ? { ...placeOf(node), type: "assign", targets, value } : null;
}

function readWith(node: PythonNode): Statement {
  const body = node.children.at(-1);
  const head = node.children.slice(1, -1).filter(({ name }) => !/^[()]$|^async$|^with$/.test(name));
  const items = byCommas(head).flatMap((part) => {
    const [value, as, name] = part;
    if (!value) return [];
    return [
      { value: readExpression(value), name: as?.name === "as" ? (name?.text ?? null) : null },
    ];
  });
  return { ...placeOf(node), type: "with", items, body: bodyOf(body) };
}

function readFor(node: PythonNode): Statement {
  const at = node.children.findIndex(({ name }) => name === "in");
  const body = node.children.findIndex(({ name }) => name === "Body");
  return {
    ...placeOf(node),
    type: "for",
    target: readExpressions(node.children.slice(1, at), node),
    list: readExpressions(node.children.slice(at + 1, body), node),
    body: bodyOf(node.children[body]),
  };
}

function branchesOf(node: PythonNode) {
  const parts = separated(node.children, ({ name }) => /^(if|elif|else)$/.test(name));
  return parts.slice(1).map((part) => ({
    test: part.length > 1 ? readExpressions(part.slice(0, -1), node) : null,
    body: bodyOf(part.at(-1)),
  }));
}

function readDecorated(node: PythonNode): Statement | null {
  const definition = node.children.at(-1);
  if (!definition) return null;
  if (definition.name !== "FunctionDefinition") return readStatement(definition);
  const decorators = node.children.filter(({ name }) => name === "Decorator").map(decoratorOf);
  return {
    ...placeOf(node),
    type: "function",
    of: { ...readFunction(definition), text: node.text, decorators },
  };
}

/** A decorator is a dotted name, which may be called. */
function decoratorOf(node: PythonNode): Expression {
  const list = node.children.find(({ name }) => name === "ArgList");
  const names = node.children.filter(({ name }) => name === "VariableName");
  const of = names.slice(1).reduce<Expression>(
    (before, { text, line }) => ({
      ...{ line, text: `${before.text}.${text}` },
      ...{ type: "attribute", of: before, name: text },
    }),
    { line: node.line, text: names[0]?.text ?? "", type: "name", name: names[0]?.text ?? "" },
  );
  if (!list) return of;
  return { ...placeOf(node), type: "call", of, args: readArguments(list) };
}

function readFunction(node: PythonNode): PythonFunction {
  const find = (wanted: string) => node.children.find(({ name }) => name === wanted);
  return {
    ...placeOf(node),
    name: find("VariableName")?.text ?? "",
    parameters: parametersOf(find("ParamList")),
    decorators: [],
    body: bodyOf(find("Body")),
  };
}

function parametersOf(list: PythonNode | undefined): readonly Parameter[] {
  const nodes = (list?.children ?? []).filter(
    ({ name }) => name !== "TypeDef" && !/^[()]$/.test(name),
  );
  return byCommas(nodes).flatMap(([first, second, third]): readonly Parameter[] => {
    if (!first) return [];
    if (first.name === "*" || first.name === "**")
      return second ? [{ name: second.text, unpacked: first.name, fallback: null }] : [];
    const fallback = second?.name === "AssignOp" && third ? readExpression(third) : null;
    return [{ name: first.text, unpacked: "", fallback }];
  });
}
