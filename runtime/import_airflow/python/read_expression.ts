/** Expressions, from the nodes of the parser. */
import { tableOf } from "../table_of.ts";
import { byCommas, type PythonNode, separated } from "./node.ts";
import { formattedText, literalOf, stringOf } from "./read_string.ts";
import type { Argument, DictEntry, Expression, Loop } from "./tree.ts";

type Reader = (node: PythonNode) => Expression | null;

/** One expression. */
export function readExpression(node: PythonNode): Expression {
  return READERS[node.name]?.(node) ?? other(node);
}

/** Expressions between commas: a list when there is a comma, else the one expression. */
export function readExpressions(nodes: readonly PythonNode[], within: PythonNode): Expression {
  const parts = byCommas(nodes);
  const hasComma = nodes.some(({ name }) => name === ",");
  const [only] = parts;
  if (!hasComma && only) return readPart(only);
  return { ...placeOf(within), type: "list", items: parts.map(readPart) };
}

function readPart(part: readonly PythonNode[]): Expression {
  const [first] = part;
  return first && part.length === 1 ? readExpression(first) : otherOf(part);
}

function placeOf({ line, text }: PythonNode): { readonly line: number; readonly text: string } {
  return { line, text };
}

function other(node: PythonNode): Expression {
  return { ...placeOf(node), type: "other" };
}

function otherOf(part: readonly PythonNode[]): Expression {
  return {
    line: part[0]?.line ?? 0,
    text: part.map(({ text }) => text).join(" "),
    type: "other",
  };
}

/** What stands between brackets. */
function inside({ children }: PythonNode): readonly PythonNode[] {
  return children.slice(1, -1);
}

const readList: Reader = (node) => ({
  ...placeOf(node),
  type: "list",
  items: byCommas(inside(node)).map(readPart),
});

const READERS: Readonly<Record<string, Reader>> = tableOf({
  String: (node) => ({ ...placeOf(node), type: "literal", value: stringOf(node.text) }),
  FormatString: (node) => ({ ...placeOf(node), type: "joined", parts: formatParts(node) }),
  ContinuedString: (node) => ({
    ...placeOf(node),
    type: "joined",
    parts: node.children.map(readExpression),
  }),
  Number: (node) => {
    const value = Number(node.text.replaceAll("_", ""));
    return Number.isNaN(value) ? null : { ...placeOf(node), type: "literal", value };
  },
  Boolean: (node) => ({ ...placeOf(node), type: "literal", value: node.text === "True" }),
  None: (node) => ({ ...placeOf(node), type: "literal", value: null }),
  VariableName: (node) => ({ ...placeOf(node), type: "name", name: node.text }),
  ParenthesizedExpression: (node) => readExpressions(inside(node), node),
  TupleExpression: readList,
  ArrayExpression: readList,
  SetExpression: readList,
  DictionaryExpression: readDict,
  MemberExpression: readMember,
  CallExpression: readCall,
  BinaryExpression: readBinary,
  UnaryExpression: ({ children: [sign, of], ...node }) =>
    sign && of
      ? {
          ...{ line: node.line, text: node.text },
          ...{ type: "unary", operator: sign.text, of: readExpression(of) },
        }
      : null,
  ConditionalExpression: ({ children, line, text }) => {
    const [then, , test, , otherwise] = children.map(readExpression);
    return then && test && otherwise
      ? { line, text, type: "conditional", test, then, otherwise }
      : null;
  },
  ArrayComprehensionExpression: readComprehension,
  ComprehensionExpression: readComprehension,
  SetComprehensionExpression: readComprehension,
  DictionaryComprehensionExpression: readComprehension,
});

function formatParts(node: PythonNode): readonly Expression[] {
  const { prefix, from, to } = literalOf(node.text);
  const replacements = node.children.filter(({ name }) => name === "FormatReplacement");
  const ends = [...replacements.map((one) => one.from - node.from), to];
  const starts = [from, ...replacements.map((one) => one.to - node.from)];
  return ends.flatMap((end, index) => {
    const text = formattedText(node.text.slice(starts[index], end), prefix);
    const literal: Expression = { ...placeOf(node), type: "literal", value: text };
    const replacement = replacements[index];
    return [...(text === "" ? [] : [literal]), ...(replacement ? [replaced(replacement)] : [])];
  });
}

/** A replacement with a conversion or a format is known only to Python. */
function replaced(node: PythonNode): Expression {
  const [value, ...more] = inside(node);
  return value && more.length === 0 ? readExpression(value) : other(node);
}

function readDict(node: PythonNode): Expression {
  return { ...placeOf(node), type: "dict", entries: byCommas(inside(node)).flatMap(readEntry) };
}

function readEntry([first, second, third]: readonly PythonNode[]): readonly DictEntry[] {
  if (first?.name === "**" && second) return [{ key: null, value: readExpression(second) }];
  return first && third ? [{ key: readExpression(first), value: readExpression(third) }] : [];
}

function readMember(node: PythonNode): Expression | null {
  const [of, sign, ...rest] = node.children;
  if (!of || !sign) return null;
  const place = { ...placeOf(node), of: readExpression(of) };
  if (sign.name === ".") return { ...place, type: "attribute", name: rest[0]?.text ?? "" };
  return { ...place, type: "index", index: readExpressions(rest.slice(0, -1), node) };
}

function readCall(node: PythonNode): Expression | null {
  const [of, list] = node.children;
  if (!of || !list) return null;
  return { ...placeOf(node), type: "call", of: readExpression(of), args: readArguments(list) };
}

/** The arguments between the parentheses of a call. */
export function readArguments(list: PythonNode): readonly Argument[] {
  const isGenerator = list.children.some(({ name }) => name === "for");
  if (isGenerator) return [{ name: null, unpacked: "", value: readComprehension(list) }];
  return byCommas(inside(list)).map(readArgument);
}

function readArgument(part: readonly PythonNode[]): Argument {
  const [first, second, third] = part;
  if (second?.name === "AssignOp" && first && third)
    return { name: first.text, unpacked: "", value: readExpression(third) };
  if ((first?.name === "*" || first?.name === "**") && second)
    return { name: null, unpacked: first.name, value: readExpression(second) };
  return { name: null, unpacked: "", value: readPart(part) };
}

function readBinary(node: PythonNode): Expression | null {
  const [left, ...rest] = node.children;
  const right = rest.at(-1);
  if (!left || !right) return null;
  const operator = rest
    .slice(0, -1)
    .map(({ text }) => text)
    .join(" ");
  const sides = { left: readExpression(left), right: readExpression(right) };
  return { ...placeOf(node), type: "binary", operator, ...sides };
}

function readComprehension(node: PythonNode): Expression {
  const [head = [], ...loops] = separated(inside(node), ({ name }) => name === "for");
  const [first, colon, value] = head;
  if (!first) return other(node);
  const isDict = colon?.name === ":" && value;
  return {
    ...placeOf(node),
    type: "comprehension",
    key: isDict ? readExpression(first) : null,
    element: isDict ? readExpression(value) : readExpression(first),
    loops: loops.map((loop) => readLoop(loop, node)),
  };
}

function readLoop(nodes: readonly PythonNode[], within: PythonNode): Loop {
  const [head = [], ...tests] = separated(nodes, ({ name }) => name === "if");
  const at = head.findIndex(({ name }) => name === "in");
  return {
    target: readExpressions(head.slice(0, at), within),
    list: readExpressions(head.slice(at + 1), within),
    tests: tests.map((test) => readExpressions(test, within)),
  };
}
