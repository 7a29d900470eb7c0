/** Handles the first and the second Ctrl-C. */

/**
 * One Ctrl-C may arrive twice, from the terminal and from npm. A second one by a person
 * takes longer.
 */
const SAME_PRESS_MS = 300;

/** The exit code of an end by signal, as shells have it: 128 plus the signal's number. */
const EXIT_INTERRUPTED = 130;

/**
 * Listens for a stop request from now on: SIGINT, SIGTERM or SIGHUP. A second one ends
 * the process at once; other processes then find and rescue its tries, as after a crash.
 * @param onSecond called before the process ends
 * @returns aborted at the first request
 */
export function listenForStop(onSecond: () => void): AbortSignal {
  const stop = new AbortController();
  let askedAt: number | undefined;
  const received = (): void => {
    const now = performance.now();
    if (askedAt === undefined) {
      askedAt = now;
      stop.abort();
    } else if (now - askedAt >= SAME_PRESS_MS) {
      onSecond();
      process.exit(EXIT_INTERRUPTED);
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, received);
  return stop.signal;
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
