/** Functions with decorators: `@dag`, `@task`, `@task_group`, `@setup`, `@teardown`. */
import type { Expression, PythonFunction } from "../python/tree.ts";
import type { Machine } from "./machine.ts";
import { type NamedValues, type Scope, textOf, type Value } from "./value.ts";

/** The value that a function definition gives its name. */
export function decorated(machine: Machine, of: PythonFunction, scope: Scope): Value {
  const plainFunction: Value = { kind: "function", of, scope };
  return of.decorators.reduceRight<Value>(
    (value, decorator) => apply(machine, value, decorator, scope),
    plainFunction,
  );
}

interface Decorator {
  /** Such as `task.branch`. */
  readonly name: string;
  readonly args: readonly Value[];
  readonly options: NamedValues;
}

function apply(machine: Machine, value: Value, expression: Expression, scope: Scope): Value {
  const decorator = readDecorator(machine, expression, scope);
  if (decorator === null) return value;
  const { name, options, args } = decorator;
  if (name === "setup" || name === "teardown") return withRole(value, name, options);
  if (value.kind !== "function") return value;
  if (name === "dag") return { kind: "dag_maker", function: value, options, args };
  if (name === "task_group") {
    const [id] = args;
    const all = new Map([...(id ? [["group_id", id] as const] : []), ...options]);
    return { kind: "group_maker", function: value, options: all, constants: new Map() };
  }
  const operator = `@${name}`;
  return {
    ...{ kind: "maker", operator, function: value, options, constants: new Map() },
    role: "work",
  };
}

/** `@setup` and `@teardown` stand over `@task`, or alone. */
function withRole(value: Value, role: "setup" | "teardown", options: NamedValues): Value {
  if (value.kind === "maker")
    return { ...value, role, options: new Map([...value.options, ...options]) };
  if (value.kind !== "function") return value;
  return {
    ...{ kind: "maker", operator: "@task", function: value, options, constants: new Map(), role },
  };
}

const DECORATOR = /(?:^|\.)(dag|task|task_group|setup|teardown)((?:\.\w+)*)$/;

function readDecorator(machine: Machine, expression: Expression, scope: Scope): Decorator | null {
  const value = machine.evaluate(expression, scope);
  if (value.kind !== "symbol" && value.kind !== "call") return null;
  const [, head, tail = ""] = DECORATOR.exec(value.path) ?? [];
  if (head === undefined || !value.path.startsWith("airflow")) return null;
  // `@task(multiple_outputs=True)` and `@task("branch")` are calls.
  const { args, named } = value.kind === "call" ? value : { args: [], named: new Map() };
  const [first] = args;
  const kind = head === "task" ? textOf(first) : undefined;
  return { name: `${head}${tail}${kind === undefined ? "" : `.${kind}`}`, args, options: named };
}
