/**
 * Errors of user code as plain data. Any value can be thrown, and each must be reported.
 */
import { formatLine } from "./format.ts";

/** An error as it is stored and shown. */
export interface TaskError {
  readonly name: string;
  readonly message: string;
  /** The stack, source-mapped, with the stacks of its causes. */
  readonly stack: string;
}

/** An error as plain data, with the stacks of its causes. */
export function describeError(error: unknown): TaskError {
  if (!(error instanceof Error)) return { name: "Error", message: formatLine([error]), stack: "" };
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause)
    causes.push(`caused by ${cause.stack ?? cause.message}`);
  return {
    name: error.name,
    message: error.message,
    stack: [error.stack ?? "", ...causes].map(ownFrames).join("\n"),
  };
}

/**
 * A stack without the frames below the task body: they belong to this runtime, and are
 * the same for every task.
 */
function ownFrames(stack: string): string {
  const lines = stack.split("\n");
  const end = lines.findIndex(
    (line) =>
      /^\s+at (async )?runTry \(/.test(line) || line.includes("node:internal/process/task_queues"),
  );
  return (end < 0 ? lines : lines.slice(0, end)).join("\n");
}
