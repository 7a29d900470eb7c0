/** Operators on values that are known. */
import { tableOf } from "../table_of.ts";
import { NONE, plain, truthOf, type Value } from "./value.ts";

/** `left + right`. */
export function add(left: Value, right: Value): Value {
  if (left.kind === "list" && right.kind === "list")
    return { kind: "list", items: [...left.items, ...right.items] };
  if (left.kind === "plain" && right.kind === "plain") {
    if (typeof left.value === "number" && typeof right.value === "number")
      return plain(left.value + right.value);
    if (typeof left.value === "string" && typeof right.value === "string")
      return plain(left.value + right.value);
  }
  if (mayJoin(left, right)) return joined([left, right]);
  return { kind: "operation", operator: "+", sides: [left, right] };
}

/** Python adds nothing but a text to a text, so the value that a run brings is a text. */
function mayJoin(left: Value, right: Value): boolean {
  const [one, other] = [isTextual(left), isTextual(right)];
  return (one && other) || (one && right.kind !== "plain") || (other && left.kind !== "plain");
}

function isTextual(value: Value): boolean {
  return value.kind === "text" || (value.kind === "plain" && typeof value.value === "string");
}

/** Texts one after the other; one known text when all parts are known. */
export function joined(parts: readonly Value[]): Value {
  const flat = parts.flatMap((part) => (part.kind === "text" ? part.parts : [part]));
  if (flat.every((part) => part.kind === "plain"))
    return plain(flat.map(({ value }) => pythonText(value)).join(""));
  return { kind: "text", parts: flat };
}

/** A value as Python's `str` writes it. */
export function pythonText(value: string | number | boolean | null): string {
  if (value === null) return "None";
  return typeof value === "boolean" ? (value ? "True" : "False") : String(value);
}

const NUMBERS: Readonly<Record<string, (left: number, right: number) => number | boolean>> =
  tableOf({
    "-": (left, right) => left - right,
    "*": (left, right) => left * right,
    "/": (left, right) => left / right,
    "//": (left, right) => Math.floor(left / right),
    "%": (left, right) => ((left % right) + right) % right,
    "**": (left, right) => left ** right,
    "<": (left, right) => left < right,
    ">": (left, right) => left > right,
    "<=": (left, right) => left <= right,
    ">=": (left, right) => left >= right,
  });

/** Any other operator between two values. */
export function operate(operator: string, left: Value, right: Value): Value {
  if (operator === "+") return add(left, right);
  if (operator === "and" || operator === "or") return logic(operator, left, right);
  if (left.kind === "plain" && right.kind === "plain") {
    if (operator === "==" || operator === "is") return plain(left.value === right.value);
    if (operator === "!=" || operator === "is not") return plain(left.value !== right.value);
    const compute = NUMBERS[operator];
    if (compute && typeof left.value === "number" && typeof right.value === "number")
      return plain(compute(left.value, right.value));
  }
  const known = membership(operator, left, right) ?? formatted(operator, left, right);
  return known ?? { kind: "operation", operator, sides: [left, right] };
}

function logic(operator: "and" | "or", left: Value, right: Value): Value {
  const truth = truthOf(left);
  if (truth === undefined) return { kind: "operation", operator, sides: [left, right] };
  return truth === (operator === "and") ? right : left;
}

function membership(operator: string, left: Value, right: Value): Value | undefined {
  if (!/^(not )?in$/.test(operator) || left.kind !== "plain") return undefined;
  const isIn = contains(right, left.value);
  return isIn === undefined ? undefined : plain(isIn === (operator === "in"));
}

function contains(list: Value, value: string | number | boolean | null): boolean | undefined {
  if (list.kind === "dict") return list.entries.has(String(value));
  if (list.kind === "plain" && typeof list.value === "string")
    return list.value.includes(String(value));
  if (list.kind !== "list" || list.items.some(({ kind }) => kind !== "plain")) return undefined;
  return list.items.some((item) => item.kind === "plain" && item.value === value);
}

/** `"%s" % value`. */
function formatted(operator: string, left: Value, right: Value): Value | undefined {
  if (operator !== "%" || left.kind !== "plain" || typeof left.value !== "string") return undefined;
  const values = right.kind === "list" ? [...right.items] : [right];
  const pieces = left.value.split(/%[sd]/);
  if (pieces.length !== values.length + 1) return undefined;
  return joined(pieces.flatMap((piece, at) => [plain(piece), ...values.slice(at, at + 1)]));
}

/** An operator before one value. */
export function operateOne(operator: string, value: Value): Value {
  const truth = truthOf(value);
  if (operator === "not" && truth !== undefined) return plain(!truth);
  if (operator === "-" && value.kind === "plain" && typeof value.value === "number")
    return plain(-value.value);
  return { kind: "operation", operator, sides: [value] };
}

/** `of[index]` of a value that is known. */
export function elementOf(of: Value, index: Value): Value | undefined {
  if (index.kind !== "plain") return undefined;
  if (of.kind === "dict") return of.entries.get(String(index.value));
  if (of.kind === "list") return of.items.at(Number(index.value));
  if (of.kind === "output") return { ...of, key: String(index.value) };
  if (of.kind === "item" && of.field === null) return { kind: "item", field: String(index.value) };
  if (of.kind === "plain" && typeof of.value === "string")
    return plain(of.value.at(Number(index.value)) ?? "");
  return of === NONE ? NONE : undefined;
}
