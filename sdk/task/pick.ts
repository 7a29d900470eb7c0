/**
 * One field of an output. A task that returns several values returns them as a record; a
 * task that needs one of them picks it, and only that value travels to its try. Airflow:
 * multiple_outputs.
 */
import type { TaskRef } from "./task_ref.ts";

/**
 * The fields of an output that can be picked; none when the output is a list, or its type
 * is unknown.
 * @example type Fields = FieldsOf<{ rows: number; files: string[] }>; // "rows" | "files"
 */
export type FieldsOf<Output> = Output extends readonly unknown[]
  ? never
  : Output extends object
    ? keyof Output & string
    : never;

/**
 * The type of a field; undefined where the output may lack it, such as the output of a
 * task with `allowFailure`.
 * @example
 * type Rows = FieldOf<{ rows: number } | undefined, "rows">; // number | undefined
 */
export type FieldOf<Output, Key extends string> = Output extends unknown
  ? Key extends keyof Output
    ? Output[Key]
    : undefined
  : never;

/**
 * One field of a task's output. Made by {@link pick}.
 * @example const rows: PickRef<number> = pick(stats, "rows");
 */
export class PickRef<out Value> {
  /** Carries the type of the field; has no value. */
  declare readonly value: Value;
  /** The task whose output has the field. */
  readonly source: TaskRef<unknown>;
  /** The name of the field. */
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
 * d.task(
 *   "report",
 *   { inputs: { rows: pick(stats, "rows") } },
 *   ({ inputs }) => inputs.rows + 1,
 * );
 * d.task("load", { each: pick(stats, "files") }, ({ item }) => item.length);
 */
export function pick<Output, Key extends FieldsOf<Output>>(
  source: TaskRef<Output>,
  field: Key,
): PickRef<FieldOf<Output, Key>> {
  return new PickRef(source, field);
}
