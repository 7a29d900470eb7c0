/**
 * Errors of user code as plain data. Any value can be thrown, and each must be reported.
 */
import { errorMessage } from "../../sdk/error_message.ts";
import { formatLine } from "./format.ts";

/** An error as it is stored and shown. */
export interface TaskError {
  readonly name: string;
  readonly message: string;
  /** The stack, source-mapped, with the stacks of its causes. */
  readonly stack: string;
}

/**
 * Characters sent of one text: far more than is stored, and far less than the channel
 * carries.
 */
const MAX_TEXT = 500_000;

/**
 * An error as plain data, with the stacks of its causes. Anything can be thrown, also a
 * getter.
 */
export function describeError(error: unknown): TaskError {
  try {
    return error instanceof Error
      ? described(error)
      : { name: "Error", message: text(error), stack: "" };
  } catch {
    return { name: "Error", message: "it threw a value that cannot be shown", stack: "" };
  }
}

function described(error: Error): TaskError {
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause)
    causes.push(`caused by ${text(stackOf(cause))}`);
  const stack = [text(error.stack ?? ""), ...causes].map(ownFrames).join("\n");
  return { name: text(error.name), message: text(errorMessage(error)), stack: text(stack) };
}

/** What should be a text can be anything. */
function text(value: unknown): string {
  return formatLine([value]).slice(0, MAX_TEXT);
}

/** The stack of an AggregateError does not name its errors. */
function stackOf(error: Error): string {
  const stack = error.stack ?? error.message;
  return error instanceof AggregateError ? `${errorMessage(error)}\n${stack}` : stack;
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
