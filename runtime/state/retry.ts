/** Whether and when a failed try is followed by another. Airflow's rule: jitter is added on top and the same for the same try. */
import { createHash } from "node:crypto";
import type { TaskSpec } from "../../sdk/spec.ts";

const DAY_MS = 86_400_000;

export interface FailedTry {
  /** Names the instance, so that its jitter is its own. */
  readonly seed: string;
  /** 1 for the first try. */
  readonly tryNumber: number;
  /** Tries lost to dead workers; they do not use up retries. */
  readonly lostTries: number;
  /** False when the task said that no retry can help. */
  readonly retryable: boolean;
}

export type RetryDecision = { readonly again: true; readonly delayMs: number } | { readonly again: false };

/** A pure decision from the task's options and the try that failed. */
export function decideRetry(
  task: Pick<TaskSpec, "retries" | "retryDelayMs" | "retryBackoff" | "maxRetryDelayMs">,
  failed: FailedTry,
): RetryDecision {
  const ownFailures = failed.tryNumber - failed.lostTries;
  if (!failed.retryable || ownFailures > task.retries) return { again: false };
  return { again: true, delayMs: retryDelayMs(task, ownFailures, failed.seed) };
}

/**
 * The wait after the n-th failure: constant, or `ceil(delay x backoff^(n-1))` whole seconds plus a jitter of up to as much again that is
 * the same whenever it is asked for; never above 24 hours or the task's own maximum.
 */
export function retryDelayMs(
  task: Pick<TaskSpec, "retryDelayMs" | "retryBackoff" | "maxRetryDelayMs">,
  failure: number,
  seed: string,
): number {
  const cap = Math.min(DAY_MS, task.maxRetryDelayMs ?? DAY_MS);
  if (task.retryBackoff <= 1) return Math.min(task.retryDelayMs, cap);
  const base = Math.max(1, Math.ceil((task.retryDelayMs / 1_000) * task.retryBackoff ** (failure - 1)));
  if (!Number.isFinite(base) || base * 1_000 >= cap) return cap;
  return Math.min(cap, (base + jitter(`${seed}#${failure}`, base)) * 1_000);
}

/** A whole number from 0 to below `limit`, decided by the seed alone. */
function jitter(seed: string, limit: number): number {
  return createHash("sha256").update(seed).digest().readUIntBE(0, 6) % limit;
}
