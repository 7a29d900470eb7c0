/**
 * The ids that the body of a branch returns as literals, read from its text: a misspelt
 * id is found before the branch runs.
 */
import { ts } from "ts-morph";

export interface Choice {
  readonly id: string;
  readonly line: number;
}

/** The literal results of `d.branch("id", …, body)`. */
export function choicesOf(call: ts.CallExpression, source: ts.SourceFile): readonly Choice[] {
  const body = call.arguments.at(-1);
  if (!body || !(ts.isArrowFunction(body) || ts.isFunctionExpression(body))) return [];
  const literals = ts.isBlock(body.body)
    ? returned(body.body).flatMap(literalsIn)
    : literalsIn(body.body);
  return literals.map((literal) => ({
    id: literal.text,
    line: source.getLineAndCharacterOfPosition(literal.getStart(source)).line + 1,
  }));
}

/** The return statements of a function itself, not of functions inside it. */
function returned(node: ts.Node): readonly ts.Expression[] {
  if (ts.isFunctionLike(node)) return [];
  if (ts.isReturnStatement(node)) return node.expression ? [node.expression] : [];
  const found: ts.Expression[] = [];
  ts.forEachChild(node, (child) => void found.push(...returned(child)));
  return found;
}

function literalsIn(expression: ts.Expression): readonly ts.StringLiteralLike[] {
  if (ts.isStringLiteralLike(expression)) return [expression];
  if (ts.isParenthesizedExpression(expression)) return literalsIn(expression.expression);
  if (ts.isArrayLiteralExpression(expression)) return expression.elements.flatMap(literalsIn);
  return ts.isConditionalExpression(expression)
    ? [...literalsIn(expression.whenTrue), ...literalsIn(expression.whenFalse)]
    : [];
}
