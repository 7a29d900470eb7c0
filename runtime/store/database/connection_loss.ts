/** How a broken connection is told from a broken statement, and what is done then: wait, and try again. */

/** Errors that say: the server was away, or asks to try again. */
const TRANSIENT = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN", // the name server is away
  "40001", // serialization failure
  "40P01", // deadlock
  "53300", // too many connections
  "57P01", // the server is being stopped
  "57P02", // the server crashed
  "57P03", // the server is starting
  "57P05", // an idle connection was ended
  "08006", // connection failure
  "08001",
  "08003",
]);

/** Whether the same statement may succeed when it is tried again. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: string }).code;
  if (code !== undefined) return TRANSIENT.has(code);
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
    error.message,
  );
}

/** Runs `work` until it succeeds or fails for good, with pauses of 50 ms doubling to 2 s. */
export async function whileServerReturns<Result>(
  work: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  for (let pauseMs = 50; ; pauseMs = Math.min(2_000, pauseMs * 2)) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error) || signal?.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
