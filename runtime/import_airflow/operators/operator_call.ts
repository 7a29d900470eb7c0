/** The arguments of one operator, and which of them its translation has read. */
import { type Code, code, NotCarried, quoted } from "../code.ts";
import { dagOf, groupsAround, type PythonTask } from "../evaluate/python_dag.ts";
import { type NamedValues, textOf, truthOf, type Value } from "../evaluate/value.ts";
import type { Carry } from "../options/carry.ts";
import { durationOf } from "../options/durations.ts";
import { jsonField, textField, textsField } from "../templates/field.ts";

export class OperatorCall {
  readonly task: PythonTask;
  readonly carry: Carry;
  readonly #args: NamedValues;
  readonly #read = new Set<string>();

  constructor(task: PythonTask, carry: Carry) {
    this.task = task;
    this.carry = carry;
    this.#args = new Map([...defaultArgs(task), ...task.args, ...items(task)]);
  }

  /** An argument, of the task or of `default_args`. */
  value(...names: readonly string[]): Value | undefined {
    for (const name of names) this.#read.add(name);
    const name = names.find((one) => this.#args.has(one));
    return name === undefined ? undefined : this.#args.get(name);
  }

  /** @throws NotCarried when the argument is missing */
  needed(...names: readonly string[]): Value {
    const value = this.value(...names);
    if (value) return value;
    throw new NotCarried(`the argument ${names.join(" or ")} is missing`);
  }

  /** A text that is known when the DAG is written. */
  text(...names: readonly string[]): string | undefined {
    return textOf(this.value(...names));
  }

  /** A text as a field; undefined when the argument is missing. */
  textField(...names: readonly string[]): Code | undefined {
    const value = this.value(...names);
    return value && !isNone(value) ? textField(value, this.carry) : undefined;
  }

  /** Any JSON value as a field; undefined when the argument is missing. */
  jsonField(...names: readonly string[]): Code | undefined {
    const value = this.value(...names);
    return value && !isNone(value) ? jsonField(value, this.carry) : undefined;
  }

  /** A text, or a list or an object of texts; undefined when the argument is missing. */
  textsField(...names: readonly string[]): Code | undefined {
    const value = this.value(...names);
    return value && !isNone(value) ? textsField(value, this.carry) : undefined;
  }

  duration(name: string): Code | undefined {
    const value = this.value(name);
    const text = value && durationOf(value);
    return text === undefined || text === "0s" ? undefined : code(quoted(text));
  }

  isTrue(name: string): boolean {
    const value = this.value(name);
    return value !== undefined && truthOf(value) === true;
  }

  /** The arguments of the task itself that no translation has read. */
  unread(known: ReadonlySet<string>): readonly string[] {
    return [...this.task.args.keys()].filter((name) => !known.has(name) && !this.#read.has(name));
  }

  /** Arguments without a meaning in dagsmith. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#read.add(name);
  }
}

function isNone(value: Value): boolean {
  return value.kind === "plain" && value.value === null;
}

/** Those of the DAG, and of the groups around the task. */
function defaultArgs(task: PythonTask): NamedValues {
  const all = [dagOf(task), ...groupsAround(task)].map(({ args }) => args.get("default_args"));
  return new Map(all.flatMap((args) => (args?.kind === "dict" ? [...args.entries] : [])));
}

/** A mapped task gets its arguments from the item. */
function items({ mapped, function: of }: PythonTask): NamedValues {
  if (mapped === null || of !== null || mapped.has("**")) return new Map();
  const isOne = mapped.size === 1;
  return new Map(
    [...mapped.keys()].map((name) => [name, { kind: "item", field: isOne ? null : name }]),
  );
}
