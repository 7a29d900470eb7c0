/**
 * A limit for the answer of a server that counts only time in which this process ran.
 * After a freeze (a stopped process, no processor time, a suspended host) timers fire
 * before the answer is read that has arrived meanwhile. A worker that trusted them would
 * close its own session, lose its lock and be declared lost.
 */

/** The limit is counted in so many parts. A freeze is one part, however long it is. */
const PARTS = 6;

/**
 * The result of `answer`.
 * @param ms milliseconds that it may take
 * @param name what is awaited, for the error, such as `a heartbeat`
 * @throws Error what `answer` throws, or that it took too long
 */
export async function within<Result>(
  ms: number,
  name: string,
  answer: Promise<Result>,
): Promise<Result> {
  const late = Promise.withResolvers<never>();
  let left = PARTS;
  const counting = setInterval(() => {
    left -= 1;
    // An answer that has arrived is read before this is called.
    if (left === 0) setImmediate(() => late.reject(tookTooLong(name, ms)));
  }, ms / PARTS);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearInterval(counting);
  }
}

/** With the code by which it is known as a fault of the connection. */
const tookTooLong = (name: string, ms: number): Error =>
  Object.assign(new Error(`${name} took longer than ${ms} ms`), { code: "ETIMEDOUT" });
