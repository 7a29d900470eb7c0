/**
 * The reference that a builder returns for a task. Apart from the task's options, which
 * name references.
 */
import { type DagHandle, Wirable } from "./wirable.ts";

/**
 * A task, and its future output. Only the builders ({@link GroupBuilder.task} and its
 * like) make one, so a reference to a task that does not exist cannot be written.
 * @typeParam Output the type of the output, as JSON carries it
 * @example
 * const rows: TaskRef<number> = d.task("count", () => 12);
 * d.task("report", { inputs: { rows } }, ({ inputs }) => inputs.rows + 1);
 */
export class TaskRef<out Output> extends Wirable {
  /** Carries the type of the output; has no value. */
  declare readonly output: Output;
  /** The id of the task, with the prefixes of the groups around it: `extract.load`. */
  readonly taskId: string;

  /** Called by the builders only. */
  constructor(dag: DagHandle, taskId: string) {
    super(dag);
    this.taskId = taskId;
  }
}
