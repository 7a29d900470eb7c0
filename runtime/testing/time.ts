/**
 * Time of a run in memory: how long a task may take, how long it has taken, and how a
 * wait ends without waiting.
 */
import { setTimeout } from "node:timers/promises";
import type { Json } from "../../sdk/json.ts";
import type { TaskSpec } from "../../sdk/spec/index.ts";
import type { Outcome } from "../engine/results/outcome.ts";
import { GROUP_TIMED_OUT } from "../engine/results/outcome.ts";
import { type Wait, waitText } from "../state/wait.ts";

/** The longest pause between two pokes. */
const LONGEST_PAUSE_MS = 1_000;

/** Waits between two pokes, or until the signal is aborted. */
export async function pause(ms: number, stop: AbortSignal | undefined): Promise<void> {
  await setTimeout(Math.min(ms, LONGEST_PAUSE_MS), undefined, stop && { signal: stop }).catch(
    () => undefined,
  );
}

/**
 * Milliseconds since the first try of each instance: the time it took plus the time that
 * it would have waited.
 */
export class Elapsed {
  readonly #ms = new Map<number, number>();

  of(instanceId: number): number {
    return this.#ms.get(instanceId) ?? 0;
  }

  add(instanceId: number, ms: number): void {
    this.#ms.set(instanceId, this.of(instanceId) + ms);
  }
}

/**
 * Runs a try within `executionTimeout` and the rest of `totalTimeout`. A body in this
 * process cannot be killed: a body that ignores its signal is left behind.
 */
export async function withinTime(
  spec: TaskSpec,
  elapsedMs: number,
  stop: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<Outcome>,
): Promise<Outcome> {
  const own = spec.executionTimeoutMs ?? Number.POSITIVE_INFINITY;
  const left =
    spec.totalTimeoutMs === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(0, spec.totalTimeoutMs - elapsedMs);
  const ms = Math.min(own, left);
  const abort = new AbortController();
  const signal = stop ? AbortSignal.any([stop, abort.signal]) : abort.signal;
  if (ms > LONGEST_TIMER_MS) return run(signal);
  const reason =
    left < own
      ? `all tries together took longer than the totalTimeout of ${(spec.totalTimeoutMs ?? 0) / 1_000} s`
      : `the try took longer than its executionTimeout of ${own / 1_000} s`;
  const ended = new AbortController();
  const late = setTimeout(ms, undefined, { signal: ended.signal }).then((): Outcome => {
    abort.abort(new Error(reason));
    return { kind: "failed", reason, error: null, retryable: left >= own };
  });
  // The timer is cancelled when the try ends first.
  late.catch(() => undefined);
  try {
    return await Promise.race([run(signal), late]);
  } finally {
    ended.abort();
  }
}

/** Node's timers fire at once beyond this delay: 24.8 days. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * How a wait ends here: a time has come, the run of another DAG has succeeded, and an
 * event was sent if the test gives it.
 */
export function endOfWait(wait: Wait, events: Readonly<Record<string, Json>>): Outcome {
  if (wait.kind === "run")
    return {
      kind: "resumed",
      output: JSON.stringify({ runId: `${wait.dagId}: assumed, in memory` }),
    };
  if (wait.kind === "group_retry") return { kind: "group_retry_due" };
  if (wait.kind === "group_timeout") return GROUP_TIMED_OUT;
  if (wait.kind !== "event") return { kind: "resumed", output: null };
  const value = events[wait.event ?? ""];
  if (value !== undefined) return { kind: "resumed", output: JSON.stringify(value) };
  const reason = `${waitText(wait)} was not sent: give it in \`events\``;
  return { kind: "wait_timed_out", to: wait.softFail ? "skipped" : "failed", reason };
}
