/**
 * Finds variables of a file that task bodies write. Each process has its own copy, and a
 * warm process keeps what an earlier try left in it, so a task sees other values than in
 * `dag test`.
 */
import { ts } from "ts-morph";

type Warn = (node: ts.Node, code: "MODULE_STATE", message: string) => void;

/** Methods that take the body of a task. */
const WITH_BODY = [
  ...["task", "setup", "teardown", "branch"],
  ...["switch", "shortCircuit", "loop", "sensor"],
];

export function warnAboutState(source: ts.SourceFile, warn: Warn): void {
  const variables = variablesOf(source);
  if (variables.size === 0) return;
  const named = bodiesByName(source);
  const visit = (node: ts.Node, inBody: boolean): void => {
    const name = inBody ? writtenName(node) : undefined;
    if (name !== undefined && variables.has(name) && !isShadowed(node, name))
      warn(
        node,
        "MODULE_STATE",
        `A task writes ${name}, a variable of the file. Each process has its own ${name}, and a later try may see what this one left. Return the value, keep it in state, or set freshProcess.`,
      );
    ts.forEachChild(node, (child) => visit(child, inBody || isBody(child, named)));
  };
  visit(source, false);
}

/** Names that are passed to a method that takes a body. */
function bodiesByName(source: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (takesBody(node))
      for (const one of node.arguments) if (ts.isIdentifier(one)) names.add(one.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

function takesBody(node: ts.Node): node is ts.CallExpression {
  return (
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    WITH_BODY.includes(node.expression.name.text)
  );
}

/** A function that is passed as a body, in place or by its name. */
function isBody(node: ts.Node, named: ReadonlySet<string>): boolean {
  if (!ts.isFunctionLike(node)) return false;
  const { parent } = node;
  if (takesBody(parent)) return true;
  const name = ts.isVariableDeclaration(parent) ? parent.name : node.name;
  return name !== undefined && ts.isIdentifier(name) && named.has(name.text);
}

/** The variable that an assignment, `++` or `--` writes. */
function writtenName(node: ts.Node): string | undefined {
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const isAssignment =
      kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
    return isAssignment && ts.isIdentifier(node.left) ? node.left.text : undefined;
  }
  const isStep =
    (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) &&
    [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken].includes(node.operator);
  return isStep && ts.isIdentifier(node.operand) ? node.operand.text : undefined;
}

function variablesOf(source: ts.SourceFile): ReadonlySet<string> {
  return new Set(
    source.statements.filter(ts.isVariableStatement).flatMap(({ declarationList }) => {
      const isConst = (declarationList.flags & ts.NodeFlags.Const) !== 0;
      return isConst
        ? []
        : declarationList.declarations.flatMap(({ name }) =>
            ts.isIdentifier(name) ? [name.text] : [],
          );
    }),
  );
}

/** Whether a function or block around a node has its own variable of the name. */
function isShadowed(node: ts.Node, name: string): boolean {
  for (let around = node.parent; around && !ts.isSourceFile(around); around = around.parent) {
    const isParameter =
      ts.isFunctionLike(around) &&
      around.parameters.some(
        (parameter) => ts.isIdentifier(parameter.name) && parameter.name.text === name,
      );
    const isLocal =
      ts.isBlock(around) &&
      around.statements
        .filter(ts.isVariableStatement)
        .some(({ declarationList }) =>
          declarationList.declarations.some(
            (declared) => ts.isIdentifier(declared.name) && declared.name.text === name,
          ),
        );
    if (isParameter || isLocal) return true;
  }
  return false;
}
