/**
 * Whether and when another try follows a failed one. Airflow's rule; the jitter of a try
 * is fixed.
 */
import { createHash } from "node:crypto";
import type { TaskSpec } from "../../sdk/spec/index.ts";

const DAY_MS = 86_400_000;

export interface FailedTry {
  /** Names the instance: each instance has its own jitter. */
  readonly seed: string;
  /** 1 for the first try. */
  readonly tryNumber: number;
  /** Tries lost to dead workers; they do not use up retries. */
  readonly lostTries: number;
  /** False when the error says that no retry can help. */
  readonly retryable: boolean;
  /** Since the start of the first try. Default 0. */
  readonly elapsedMs?: number;
  /** The delay that the error asked for. */
  readonly retryAfterMs?: number;
}

type RetryOptions = Pick<
  TaskSpec,
  "retryDelayMs" | "retryBackoff" | "maxRetryDelayMs" | "retryLinear" | "retryJitterMs"
>;

export type RetryDecision =
  | { readonly again: true; readonly delayMs: number }
  | { readonly again: false };

/** A pure decision from the task's options and the try that failed. */
export function decideRetry(
  task: RetryOptions & Pick<TaskSpec, "retries" | "retryTotalMs" | "totalTimeoutMs">,
  failed: FailedTry,
): RetryDecision {
  const ownFailures = failed.tryNumber - failed.lostTries;
  if (!failed.retryable || ownFailures > task.retries) return { again: false };
  // A delay that the error asks for replaces the delay of the task.
  const delayMs =
    failed.retryAfterMs === undefined
      ? retryDelayMs(task, ownFailures, failed.seed)
      : Math.min(DAY_MS, failed.retryAfterMs);
  const beginsAt = (failed.elapsedMs ?? 0) + delayMs;
  // A try that started at the total time-out would be ended at once.
  const isTooLate =
    beginsAt > (task.retryTotalMs ?? Number.POSITIVE_INFINITY) ||
    beginsAt >= (task.totalTimeoutMs ?? Number.POSITIVE_INFINITY);
  return isTooLate ? { again: false } : { again: true, delayMs };
}

/**
 * The delay after the n-th failure: constant; n times the delay; or `ceil(delay x
 * backoff^(n-1))` whole seconds plus a jitter of up to as much again, which a jitter of
 * the task replaces. At most the maximum of the task; without one, delays that grow stop
 * at 24 hours. The same seed and failure give the same delay.
 */
export function retryDelayMs(task: RetryOptions, failure: number, seed: string): number {
  const grows = task.retryBackoff > 1 || task.retryLinear === true;
  const cap = task.maxRetryDelayMs ?? (grows ? DAY_MS : Number.POSITIVE_INFINITY);
  const base =
    task.retryBackoff > 1
      ? backoffMs(task, failure)
      : task.retryDelayMs * (task.retryLinear ? failure : 1);
  if (!Number.isFinite(base) || base >= cap) return cap;
  const own = task.retryJitterMs;
  if (own !== undefined) return Math.min(cap, base + jitter(`${seed}#${failure}`, own + 1));
  // Whole seconds, as Airflow has them.
  return Math.min(
    cap,
    base + (task.retryBackoff > 1 ? jitter(`${seed}#${failure}`, base / 1_000) * 1_000 : 0),
  );
}

function backoffMs({ retryDelayMs: delayMs, retryBackoff }: RetryOptions, failure: number): number {
  return Math.max(1, Math.ceil((delayMs / 1_000) * retryBackoff ** (failure - 1))) * 1_000;
}

/** A whole number from 0 to below `limit`; the seed alone decides it. */
function jitter(seed: string, limit: number): number {
  return createHash("sha256").update(seed).digest().readUIntBE(0, 6) % limit;
}
