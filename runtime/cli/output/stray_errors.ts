/** Keeps a process alive when code of a task fails without anything that waits for it. */
import { errorMessage } from "../../../sdk/error_message.ts";

/**
 * Runs `work` with a handler for errors that nothing waits for, which would end the
 * process.
 * @param take takes the error; false: it belongs to no running try, and is only shown
 */
export async function withStrayErrors<Result>(
  take: (error: unknown) => boolean,
  work: () => Promise<Result>,
): Promise<Result> {
  const handle = (error: unknown): void => {
    if (!take(error))
      process.stderr.write(`An error of a task that had ended: ${errorMessage(error)}\n`);
  };
  process.on("uncaughtException", handle);
  process.on("unhandledRejection", handle);
  try {
    return await work();
  } finally {
    process.off("uncaughtException", handle);
    process.off("unhandledRejection", handle);
  }
}
