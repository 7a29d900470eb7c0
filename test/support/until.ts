/**
 * The one way in which tests wait for what gives no signal: they ask for it until it
 * holds. test/style.test.ts keeps every other timer out of the tests.
 */

/** Pause between two questions: far shorter than a test, far longer than a question. */
const EVERY_MS = 20;

/**
 * Asks until there is an answer other than undefined and false, and gives it.
 *
 * @param what the condition, for the error
 * @param seconds most time; it is there to end a test that fails, so it is never short
 * @throws Error naming `what` when the time is over; the last error of `ask` at once
 */
export async function until<Value>(
  what: string,
  ask: () => Promise<Value | undefined | false>,
  seconds = 90,
): Promise<Value> {
  const deadline = performance.now() + seconds * 1_000;
  for (;;) {
    const found = await ask();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
