/** Parts of a Python expression: names, arguments and literals. Pure. */
import type { Argument, Expression } from "../python/tree.ts";

/** The names of `a.b["c"]`. */
export function pathOf(expression: Expression): readonly string[] | undefined {
  if (expression.type === "name") return [expression.name];
  if (expression.type !== "attribute" && expression.type !== "index") return undefined;
  const before = pathOf(expression.of);
  if (expression.type === "attribute") return before && [...before, expression.name];
  const { index } = expression;
  return before && index.type === "literal" ? [...before, String(index.value)] : undefined;
}

export function argument(
  args: readonly Argument[],
  name: string,
  position: number,
): Expression | undefined {
  const positional = args.filter((one) => one.name === null);
  return args.find((one) => one.name === name)?.value ?? positional[position]?.value;
}

export function literalText(expression: Expression | undefined): string | undefined {
  return expression?.type === "literal" ? String(expression.value) : undefined;
}

/** A text would become code where a number is written. */
export function numberOf(expression: Expression): number | undefined {
  const isMinus = expression.type === "unary" && expression.operator === "-";
  const literal = isMinus ? expression.of : expression;
  if (literal.type !== "literal" || typeof literal.value !== "number") return undefined;
  if (!Number.isFinite(literal.value)) return undefined;
  return isMinus ? -literal.value : literal.value;
}
