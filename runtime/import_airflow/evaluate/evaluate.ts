/** Expressions: known values are computed, others keep their text. */
import type { Argument, Expression, Loop } from "../python/tree.ts";
import { attributeOf } from "./attributes.ts";
import { callValue } from "./calls.ts";
import { lookUp, type Machine } from "./machine.ts";
import { callMethod } from "./methods.ts";
import { bind, itemsOf } from "./names.ts";
import { elementOf, joined, operate, operateOne, pythonText } from "./operate.ts";
import { plain, type Scope, truthOf, type Value } from "./value.ts";
import { shifted } from "./wire.ts";

type Of<Type extends Expression["type"]> = Extract<Expression, { readonly type: Type }>;

/** The value of an expression. */
export function evaluate(machine: Machine, expression: Expression, scope: Scope): Value {
  const value = (one: Expression): Value => evaluate(machine, one, scope);
  switch (expression.type) {
    case "literal":
      return plain(expression.value);
    case "joined":
      return joined(expression.parts.map(value));
    case "name":
      return nameValue(expression, scope);
    case "attribute":
      return attributeOf(value(expression.of), expression.name, expression.text);
    case "index":
      return indexed(value(expression.of), value(expression.index), expression.text);
    case "list":
      return { kind: "list", items: expression.items.map(value) };
    case "dict":
      return { kind: "dict", entries: dictEntries(expression, value) };
    case "binary":
      return binary(machine, expression, scope);
    case "unary":
      return operateOne(expression.operator, value(expression.of));
    case "conditional":
      return value(
        truthOf(value(expression.test)) === false ? expression.otherwise : expression.then,
      );
    case "comprehension":
      return comprehension(machine, expression, scope);
    case "call":
      return called(machine, expression, scope);
    default:
      return { kind: "unknown", text: expression.text };
  }
}

function nameValue({ name, text }: Of<"name">, scope: Scope): Value {
  return lookUp(scope, name) ?? { kind: "unknown", text };
}

function indexed(of: Value, index: Value, text: string): Value {
  const known = elementOf(of, index);
  if (known) return known;
  if (of.kind !== "symbol" || index.kind !== "plain") return { kind: "unknown", text };
  return { kind: "symbol", path: `${of.path}[${JSON.stringify(index.value)}]` };
}

function dictEntries(
  { entries }: Of<"dict">,
  value: (one: Expression) => Value,
): Map<string, Value> {
  const found = new Map<string, Value>();
  for (const entry of entries) {
    const of = value(entry.value);
    if (entry.key === null) for (const [key, one] of entriesIn(of)) found.set(key, one);
    else found.set(keyOf(value(entry.key), entry.key.text), of);
  }
  return found;
}

function keyOf(key: Value, text: string): string {
  return key.kind === "plain" ? pythonText(key.value) : text;
}

function entriesIn(value: Value): ReadonlyMap<string, Value> {
  return value.kind === "dict" ? value.entries : new Map();
}

function binary(machine: Machine, { operator, left, right }: Of<"binary">, scope: Scope): Value {
  const first = evaluate(machine, left, scope);
  const second = evaluate(machine, right, scope);
  return shifted(operator, first, second) ?? operate(operator, first, second);
}

function comprehension(machine: Machine, expression: Of<"comprehension">, outer: Scope): Value {
  const scope: Scope = { names: new Map(), outer };
  const { key, element, loops } = expression;
  const items: Value[] = [];
  const entries = new Map<string, Value>();
  const isKnown = eachOf(machine, loops, scope, () => {
    const value = evaluate(machine, element, scope);
    if (key === null) items.push(value);
    else entries.set(keyOf(evaluate(machine, key, scope), key.text), value);
  });
  if (!isKnown) return { kind: "unknown", text: expression.text };
  return key === null ? { kind: "list", items } : { kind: "dict", entries };
}

/** Calls `each` for every round of the loops; false when a list is known only to Python. */
function eachOf(
  machine: Machine,
  [loop, ...rest]: readonly Loop[],
  scope: Scope,
  each: () => void,
): boolean {
  if (!loop) {
    each();
    return true;
  }
  const items = itemsOf(evaluate(machine, loop.list, scope));
  return (items ?? []).reduce<boolean>((known, item) => {
    bind(loop.target, item, scope);
    const isWanted = loop.tests.every((test) => truthOf(evaluate(machine, test, scope)) !== false);
    return isWanted ? eachOf(machine, rest, scope, each) && known : known;
  }, items !== undefined);
}

function called(machine: Machine, { of, args, text, line }: Of<"call">, scope: Scope): Value {
  const call = { ...argumentsOf(machine, args, scope), text, line };
  if (of.type !== "attribute") return callValue(machine, evaluate(machine, of, scope), call);
  const target = evaluate(machine, of.of, scope);
  const result = callMethod(machine, target, of.name, call);
  return result ?? callValue(machine, attributeOf(target, of.name, of.text), call);
}

/** The values of arguments, with `*` and `**` unpacked. */
function argumentsOf(machine: Machine, args: readonly Argument[], scope: Scope) {
  const found: Value[] = [];
  const named = new Map<string, Value>();
  for (const { name, unpacked, value } of args) {
    const of = evaluate(machine, value, scope);
    if (unpacked === "*") found.push(...(itemsOf(of) ?? [of]));
    else if (unpacked === "**") for (const [key, one] of entriesIn(of)) named.set(key, one);
    else if (name === null) found.push(of);
    else named.set(name, of);
  }
  return { args: found, named };
}
