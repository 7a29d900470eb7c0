/** What stands between `{{` and `}}` of a Jinja template, as TypeScript. */
import { NotCarried, quoted } from "../code.ts";
import type { Carry } from "../options/carry.ts";
import { readPython } from "../python/read_python.ts";
import type { Argument, Expression } from "../python/tree.ts";
import { tableOf } from "../table_of.ts";
import { changed, type RunValue, runValue } from "./run_value.ts";
import {
  formatted,
  nameValue,
  paramValue,
  pathValue,
  pulled,
  variableValue,
  writtenDate,
} from "./template_names.ts";

type Call = Extract<Expression, { readonly type: "call" }>;

/** @throws NotCarried for an expression without a counterpart */
export function templateExpression(text: string, carry: Carry): RunValue {
  return translate(expressionIn(text), carry) ?? refuse(text);
}

function refuse(text: string): never {
  throw new NotCarried(`the template {{ ${text.trim()} }} has no counterpart`);
}

/** Jinja's expressions are nearly those of Python; a filter is read as `|`. */
function expressionIn(text: string): Expression {
  let statements: ReturnType<typeof readPython>;
  try {
    statements = readPython(text.trim(), "template");
  } catch {
    return refuse(text);
  }
  const [first] = statements;
  return first?.type === "expression" && statements.length === 1 ? first.value : refuse(text);
}

function translate(expression: Expression, carry: Carry): RunValue | undefined {
  switch (expression.type) {
    case "literal":
      return typeof expression.value === "number"
        ? runValue(String(expression.value), "number", [])
        : runValue(quoted(String(expression.value)), "text", []);
    case "name":
      return nameValue(expression.name, carry);
    case "attribute":
    case "index":
      return pathValue(pathOf(expression) ?? [], carry);
    case "call":
      return translateCall(expression, carry);
    case "binary":
      return translateBinary(expression, carry);
    default:
      return undefined;
  }
}

/** The names of `a.b["c"]`. */
function pathOf(expression: Expression): readonly string[] | undefined {
  if (expression.type === "name") return [expression.name];
  if (expression.type !== "attribute" && expression.type !== "index") return undefined;
  const before = pathOf(expression.of);
  if (expression.type === "attribute") return before && [...before, expression.name];
  const { index } = expression;
  return before && index.type === "literal" ? [...before, String(index.value)] : undefined;
}

function argument(
  args: readonly Argument[],
  name: string,
  position: number,
): Expression | undefined {
  const positional = args.filter((one) => one.name === null);
  return args.find((one) => one.name === name)?.value ?? positional[position]?.value;
}

function literalText(expression: Expression | undefined): string | undefined {
  return expression?.type === "literal" ? String(expression.value) : undefined;
}

function translateCall(call: Call, carry: Carry): RunValue | undefined {
  const path = (pathOf(call.of) ?? []).join(".");
  if (/^(ti|task_instance)\.xcom_pull$/.test(path)) return translatePull(call.args);
  if (path === "macros.ds_add") return addedDays(call.args, carry);
  if (path === "macros.ds_format") return undefined;
  if (path === "dag_run.conf.get" || path === "params.get") return withFallback(call.args, carry);
  if (/^var\.(value|json)\.get$/.test(path)) return translateVariable(path, call.args);
  return call.of.type === "attribute" ? dateMethod(call.of, call.args, carry) : undefined;
}

function translatePull(args: readonly Argument[]): RunValue | undefined {
  const tasks = argument(args, "task_ids", 0);
  const [only] = tasks?.type === "list" ? tasks.items : [tasks];
  const id = literalText(only);
  const key = args.find((one) => one.name === "key")?.value;
  if (id === undefined || (tasks?.type === "list" && tasks.items.length !== 1)) return undefined;
  return pulled(id, literalText(key));
}

function translateVariable(path: string, args: readonly Argument[]): RunValue | undefined {
  const key = literalText(argument(args, "key", 0));
  const fallback = literalText(argument(args, "default", 1));
  return key === undefined ? undefined : variableValue(path.split(".")[1] ?? "", key, [], fallback);
}

function withFallback(args: readonly Argument[], carry: Carry): RunValue | undefined {
  const name = literalText(argument(args, "key", 0));
  const fallback = argument(args, "default", 1);
  if (name === undefined) return undefined;
  const value = paramValue(name, carry);
  const other = fallback && translate(fallback, carry);
  if (!other) return fallback ? undefined : value;
  return changed(value, `(${value.text} ?? ${other.text})`, "json");
}

function addedDays(args: readonly Argument[], carry: Carry): RunValue | undefined {
  const [date, days] = [argument(args, "ds", 0), argument(args, "days", 1)];
  if (date?.type !== "name" || date.name !== "ds") return undefined;
  const count = days && numberOf(days);
  const logical = nameValue("logical_date", carry);
  if (count === undefined || !logical) return undefined;
  return formatted(changed(logical, `${logical.text}.plus({ days: ${count} })`), "%Y-%m-%d");
}

/** A text would become code where a number is written. */
function numberOf(expression: Expression): number | undefined {
  const isMinus = expression.type === "unary" && expression.operator === "-";
  const literal = isMinus ? expression.of : expression;
  if (literal.type !== "literal" || typeof literal.value !== "number") return undefined;
  if (!Number.isFinite(literal.value)) return undefined;
  return isMinus ? -literal.value : literal.value;
}

const MOVES: Readonly<Record<string, string>> = tableOf({ add: "plus", subtract: "minus" });

/** `strftime`, `isoformat`, `add`, `subtract` of a date; `format` of luxon differs. */
function dateMethod(
  of: Extract<Expression, { readonly type: "attribute" }>,
  args: readonly Argument[],
  carry: Carry,
): RunValue | undefined {
  const value = translate(of.of, carry);
  if (value?.type !== "date") return undefined;
  const format = literalText(argument(args, "format", 0));
  if (of.name === "strftime" && format !== undefined) return formatted(value, format);
  if (of.name === "isoformat") return changed(value, `${value.text}.toISO()`, "text");
  const move = MOVES[of.name];
  return move === undefined ? undefined : moved(value, move, args);
}

/** The units that Airflow's dates and luxon share. */
const UNITS = ["years", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds"];

function moved(date: RunValue, move: string, args: readonly Argument[]): RunValue | undefined {
  const known = args.flatMap(({ name, value }) => {
    const count = numberOf(value);
    return UNITS.includes(name ?? "") && count !== undefined ? [`${name}: ${count}`] : [];
  });
  if (known.length === 0 || known.length < args.length) return undefined;
  return changed(date, `${date.text}.${move}({ ${known.join(", ")} })`);
}

function translateBinary(
  { operator, left, right }: Extract<Expression, { readonly type: "binary" }>,
  carry: Carry,
): RunValue | undefined {
  const value = translate(left, carry);
  if (!value) return undefined;
  if (operator === "|") return filtered(value, right, carry);
  const isLength = right.type === "call" && /timedelta$/.test((pathOf(right.of) ?? []).join("."));
  if (value.type !== "date" || !isLength || !/^[+-]$/.test(operator)) return undefined;
  return moved(value, operator === "+" ? "plus" : "minus", right.args);
}

const TEXT_FILTERS: Readonly<Record<string, string>> = tableOf({
  upper: ".toUpperCase()",
  lower: ".toLowerCase()",
  trim: ".trim()",
});

function filtered(value: RunValue, filter: Expression, carry: Carry): RunValue | undefined {
  const name = filter.type === "call" ? pathOf(filter.of)?.join(".") : pathOf(filter)?.join(".");
  if (name === undefined) return undefined;
  if (value.type === "date") return writtenDate(value, name);
  if (name === "tojson") return changed(value, `JSON.stringify(${value.text})`, "text");
  if (name === "string") return changed(value, `String(${value.text})`, "text");
  const method = TEXT_FILTERS[name];
  if (method !== undefined) return changed(value, `String(${value.text})${method}`, "text");
  if (name !== "default" && name !== "d") return undefined;
  const other = filter.type === "call" ? filter.args[0]?.value : undefined;
  const fallback = other && translate(other, carry);
  return fallback && changed(value, `(${value.text} ?? ${fallback.text})`, "json");
}
