/** Ctrl-C, once and twice. */

/** One Ctrl-C may arrive twice, from the terminal and from npm; a person needs longer for the second. */
const SAME_PRESS_MS = 300;

/** Ends by signal look alike to a shell: 128 and the signal's number. */
const EXIT_INTERRUPTED = 130;

/**
 * Listens, from now on, for a request to stop: SIGINT, SIGTERM or SIGHUP. A second one ends the process at once; what was running is then
 * found and rescued by others, as after a crash.
 * @param onSecond told before the process ends
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
