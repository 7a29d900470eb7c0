/**
 * Tries that ended because their worker did: deaths of workers count, other ends do not.
 * Pure.
 */

/** A task fails when its tries were lost to dead workers more often than this. */
export const MAX_LOST_TRIES = 5;

/** The reason of a try that a stopped worker gave back. */
export const WORKER_STOPPED = "the worker was stopped";
/** The reason of a try whose worker began a new life, and did not die. */
export const WORKER_RESTARTED = "the worker ended itself";
/** The reason of a try whose claim was not answered. */
export const CLAIM_LOST = "the connection broke while the try was claimed";

/** The reasons of tries that no death ended. The store finds such tries by them. */
export const NO_DEATH: readonly string[] = [WORKER_STOPPED, WORKER_RESTARTED, CLAIM_LOST];

const SECOND_PAUSE_MS = 2_000;

/** What follows a lost try: the task fails, or the next try begins after a pause. */
export type AfterLoss = { readonly again: false } | { readonly again: true; readonly inMs: number };

/**
 * The first death may happen to any task, so the next try begins at once. After each
 * further death the pause doubles, from 2 s: a task that ends its worker must not end all
 * workers.
 */
export function afterLoss(reason: string, { lostTries, sparedTries = 0 }: LostTries): AfterLoss {
  if (NO_DEATH.includes(reason)) return { again: true, inMs: 0 };
  const deaths = lostTries - sparedTries;
  if (deaths >= MAX_LOST_TRIES) return { again: false };
  return { again: true, inMs: deaths === 0 ? 0 : SECOND_PAUSE_MS * 2 ** (deaths - 1) };
}

interface LostTries {
  /** Before this one. */
  readonly lostTries: number;
  /** Of the lost tries, those that no death ended. Default 0. */
  readonly sparedTries?: number;
}
