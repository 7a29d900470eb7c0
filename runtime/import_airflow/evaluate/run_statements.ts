/** Follows the statements of a file, as Python would when it loads the file. */
import type { Expression, Statement } from "../python/tree.ts";
import { decorated } from "./decorators.ts";
import { type Machine, note, within } from "./machine.ts";
import { bind, itemsOf } from "./names.ts";
import { add } from "./operate.ts";
import { plain, type Scope, truthOf, type Value } from "./value.ts";
import { wireAround } from "./wire.ts";

type Of<Type extends Statement["type"]> = Extract<Statement, { readonly type: Type }>;

/** Runs statements until one returns. */
export function runStatements(
  machine: Machine,
  statements: readonly Statement[],
  scope: Scope,
): Value | undefined {
  for (const statement of statements) {
    machine.budget -= 1;
    if (machine.budget < 0) return undefined;
    const returned = runStatement(machine, statement, scope);
    if (returned) return returned;
  }
  return undefined;
}

function runStatement(machine: Machine, statement: Statement, scope: Scope): Value | undefined {
  switch (statement.type) {
    case "import":
      for (const { local, path } of statement.names) scope.names.set(local, importedValue(path));
      return undefined;
    case "class":
      scope.names.set(statement.name, { kind: "symbol", path: statement.name });
      return undefined;
    case "assign":
      return assign(machine, statement, scope);
    case "update":
      return update(machine, statement, scope);
    case "expression":
      machine.evaluate(statement.value, scope);
      return undefined;
    case "function":
      scope.names.set(statement.of.name, decorated(machine, statement.of, scope));
      return undefined;
    case "with":
      return runWith(machine, statement.items, statement.body, scope);
    case "for":
      return runFor(machine, statement, scope);
    case "if":
      return runIf(machine, statement, scope);
    case "try":
      return machine.run(statement.body, scope);
    case "return":
      return statement.value
        ? machine.evaluate(statement.value, scope)
        : { kind: "plain", value: null };
    default:
      return undefined;
  }
}

/** Only tools that check types run what is behind TYPE_CHECKING. */
function importedValue(path: string): Value {
  return path === "typing.TYPE_CHECKING" ? plain(false) : { kind: "symbol", path };
}

function assign(machine: Machine, { targets, value }: Of<"assign">, scope: Scope): undefined {
  const found = machine.evaluate(value, scope);
  for (const target of targets) assignTo(machine, target, found, scope);
}

function assignTo(machine: Machine, target: Expression, value: Value, scope: Scope): void {
  if (target.type !== "index") {
    bind(target, value, scope);
    return;
  }
  const of = machine.evaluate(target.of, scope);
  const key = machine.evaluate(target.index, scope);
  if (of.kind === "dict" && key.kind === "plain") of.entries.set(String(key.value), value);
  if (of.kind === "list" && key.kind === "plain") of.items[Number(key.value)] = value;
}

function update(machine: Machine, { target, value }: Of<"update">, scope: Scope): undefined {
  const sum = add(machine.evaluate(target, scope), machine.evaluate(value, scope));
  assignTo(machine, target, sum, scope);
}

function runWith(
  machine: Machine,
  [first, ...rest]: Of<"with">["items"],
  body: readonly Statement[],
  scope: Scope,
): Value | undefined {
  if (!first) return machine.run(body, scope);
  const value = machine.evaluate(first.value, scope);
  if (first.name !== null) scope.names.set(first.name, value);
  const inner = () => runWith(machine, rest, body, scope);
  if (value.kind === "dag") return within(machine, value.dag, inner);
  if (value.kind !== "node") return inner();
  if (value.node.type === "group") return within(machine, value.node, inner);
  return wireAround(machine, value.node, inner);
}

function runFor(machine: Machine, statement: Of<"for">, scope: Scope): Value | undefined {
  const list = machine.evaluate(statement.list, scope);
  const items = itemsOf(list);
  if (!items) {
    note(machine, statement.line, `the loop over ${statement.list.text} is known only to Python`);
    return undefined;
  }
  for (const item of items) {
    bind(statement.target, item, scope);
    const returned = machine.run(statement.body, scope);
    if (returned) return returned;
  }
  return undefined;
}

/** A test that only Python knows counts as true. */
function runIf(machine: Machine, statement: Of<"if">, scope: Scope): Value | undefined {
  for (const { test, body } of statement.branches) {
    const truth = test === null ? true : truthOf(machine.evaluate(test, scope));
    if (truth === undefined && test !== null)
      note(
        machine,
        statement.line,
        `the test ${test.text} is known only to Python, and counts as true`,
      );
    if (truth !== false) return machine.run(body, scope);
  }
  return undefined;
}
