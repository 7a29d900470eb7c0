/** Ctrl-C, once and twice. */

/** One Ctrl-C may arrive twice, from the terminal and from npm; a person needs longer for the second. */
const SAME_PRESS_MS = 300;

/** Ends by signal look alike to a shell: 128 and the signal's number. */
const EXIT_INTERRUPTED = 130;

/**
 * Waits for a request to stop: SIGINT, SIGTERM or SIGHUP. A second one ends the process at once; what was running is then found and
 * rescued by others, as after a crash.
 * @param onSecond told before the process ends
 */
export function untilStopped(onSecond: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const received = (signal: NodeJS.Signals): void => {
      const now = performance.now();
      if (askedAt === undefined) {
        askedAt = now;
        resolve(signal);
        return;
      }
      if (now - askedAt < SAME_PRESS_MS) return;
      onSecond();
      process.exit(EXIT_INTERRUPTED);
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, received);
  });
}
