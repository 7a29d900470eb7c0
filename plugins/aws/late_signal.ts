/**
 * The end of requests that an abort must not cut short at once: without its answer, a
 * statement could not be cancelled, and parts of an upload could not be taken back. A
 * service that never answers would otherwise hold the task.
 */

/** How long such a request may go on after the abort. */
const GRACE_MS = 5_000;

/** A signal that aborts some seconds after `signal`, for the same reason. */
export function lateSignal(signal: AbortSignal): AbortSignal {
  const late = new AbortController();
  const wait = (): void => {
    const end = AbortSignal.timeout(GRACE_MS);
    end.addEventListener("abort", () => late.abort(signal.reason), { once: true });
  };
  signal.addEventListener("abort", wait, { once: true });
  return late.signal;
}
