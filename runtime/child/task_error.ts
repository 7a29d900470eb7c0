/**
 * Errors of user code as plain data. Any value can be thrown, and each must be reported.
 */
import { errorMessage, errorTitle } from "../../sdk/error_message.ts";
import type { StoredError } from "../state/stored_error.ts";
import { formatLine } from "./format.ts";

/**
 * An error as it is stored and shown. The stack is source-mapped, with the stacks of its
 * causes.
 */
export type TaskError = StoredError;

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
  const code = codeOf(error);
  const [name, message] = [text(error.name), text(errorMessage(error))];
  const title = { name, message, ...(code !== undefined && { code }) };
  const own = text(error.stack ?? "").replace(`${name}: ${message}`, () => errorTitle(title));
  return { ...title, stack: text([own, ...causes].map(ownFrames).join("\n")) };
}

/**
 * The text of a plain property: code of a getter may do anything. What only
 * resembles a code is left out, so that a list of codes stays readable.
 */
function codeOf(error: Error): string | undefined {
  const code: unknown = Object.getOwnPropertyDescriptor(error, "code")?.value;
  return typeof code === "string" && CODE.test(code) ? code : undefined;
}

const CODE = /^[\w.-]{1,100}$/;

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
