/** What stands between `{{` and `}}` of a Jinja template, as TypeScript. */
import { NotCarried, quoted } from "../code.ts";
import type { Carry } from "../options/carry.ts";
import { readPython } from "../python/read_python.ts";
import type { Argument, Expression } from "../python/tree.ts";
import { dateMethod, moved } from "./date_methods.ts";
import { argument, literalText, numberOf, pathOf } from "./expression_parts.ts";
import { changed, type RunValue, runValue } from "./run_value.ts";
import { filtered } from "./template_filters.ts";
import {
  formatted,
  nameValue,
  paramValue,
  pathValue,
  pulled,
  variableValue,
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

function translateCall(call: Call, carry: Carry): RunValue | undefined {
  const path = (pathOf(call.of) ?? []).join(".");
  if (/^(ti|task_instance)\.xcom_pull$/.test(path)) return translatePull(call.args);
  if (path === "macros.ds_add") return addedDays(call.args, carry);
  if (path === "macros.ds_format") return undefined;
  if (path === "dag_run.conf.get" || path === "params.get") return withFallback(call.args, carry);
  if (/^var\.(value|json)\.get$/.test(path)) return translateVariable(path, call.args);
  if (call.of.type !== "attribute") return undefined;
  const date = translate(call.of.of, carry);
  return date?.type === "date" ? dateMethod(date, call.of.name, call.args) : undefined;
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

function translateBinary(
  { operator, left, right }: Extract<Expression, { readonly type: "binary" }>,
  carry: Carry,
): RunValue | undefined {
  const value = translate(left, carry);
  if (!value) return undefined;
  if (operator === "|") return translateFilter(value, right, carry);
  const isLength = right.type === "call" && /timedelta$/.test((pathOf(right.of) ?? []).join("."));
  if (value.type !== "date" || !isLength || !/^[+-]$/.test(operator)) return undefined;
  return moved(value, operator === "+" ? "plus" : "minus", right.args);
}

function translateFilter(value: RunValue, filter: Expression, carry: Carry): RunValue | undefined {
  const name = pathOf(filter.type === "call" ? filter.of : filter)?.join(".");
  const fallback = filter.type === "call" ? filter.args[0]?.value : undefined;
  return name === undefined
    ? undefined
    : filtered(value, name, fallback && translate(fallback, carry));
}
