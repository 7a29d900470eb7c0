/**
 * One of several outputs. A task that has several returns them as a record; who needs one of them picks it, and only that one travels to its
 * try. Apart from the task itself, which need not say which of its fields others use.
 */
import type { TaskRef } from "./task.ts";

/** Fields of an output that can be picked; none when it is a list, or its type does not say. */
export type FieldsOf<Output> = Output extends readonly unknown[]
  ? never
  : Output extends object
    ? keyof Output & string
    : never;

/** The value of a field; undefined where the output has none, such as that of a task that was allowed to fail. */
export type FieldOf<Output, Key extends string> = Output extends unknown
  ? Key extends keyof Output
    ? Output[Key]
    : undefined
  : never;

/** Stands for one field of a task's output. Made by {@link pick}. */
export class PickRef<out Value> {
  /** Carries the type of the field; has no value. */
  declare readonly value: Value;
  readonly source: TaskRef<unknown>;
  readonly field: string;

  /** Called by {@link pick} only. */
  constructor(source: TaskRef<unknown>, field: string) {
    this.source = source;
    this.field = field;
  }
}

/**
 * Takes one field of a task's output, as an input or as the list to map over.
 * @example
 * const stats = d.task("stats", async () => ({ rows: 12, files: ["a.csv", "b.csv"] }));
 * d.task("report", { inputs: { rows: pick(stats, "rows") } }, ({ inputs }) => inputs.rows + 1);
 * d.task("load", { each: pick(stats, "files") }, ({ item }) => item.length);
 */
export function pick<Output, Key extends FieldsOf<Output>>(
  source: TaskRef<Output>,
  field: Key,
): PickRef<FieldOf<Output, Key>> {
  return new PickRef(source, field);
}
