/**
 * Errors that no code waits for, such as a rejected promise that a task did not await.
 * They fail the try that they belong to, as on a worker.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { failure, type TryResult } from "../child/ending.ts";

/** The end of a try that an error outside its body brings about. */
type Crash = PromiseWithResolvers<TryResult>;

/** Follows code through callbacks and timers to the try that started it. */
const owner = new AsyncLocalStorage<Crash>();
/** The try that runs now; one after the other runs in a test. */
let running: Crash | undefined;

/** Runs a try, which ends early when {@link failTry} is called with an error of it. */
export async function withStrayErrors(attempt: () => Promise<TryResult>): Promise<TryResult> {
  const crash = Promise.withResolvers<TryResult>();
  running = crash;
  try {
    return await Promise.race([owner.run(crash, attempt), crash.promise]);
  } finally {
    running = undefined;
  }
}

/**
 * Fails the running try with an error that it does not wait for.
 * @returns false when the error belongs to a try that has ended, or to none
 */
export function failTry(error: unknown): boolean {
  const crash = owner.getStore() ?? running;
  if (crash === undefined || crash !== running) return false;
  crash.resolve(failure(error));
  return true;
}
