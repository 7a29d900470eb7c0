/** Tries that ended because their worker did: deaths of workers count, stops do not. */

/** A task fails when its tries were lost to dead workers more often than this. */
export const MAX_LOST_TRIES = 5;

/** The reason of a try that a stopped worker gave back. The store finds such tries by it. */
export const WORKER_STOPPED = "the worker was stopped";

/** Whether another try may follow one whose worker died. Pure. */
export function mayFollowDeath({ lostTries, stoppedTries = 0 }: LostTries): boolean {
  return lostTries - stoppedTries < MAX_LOST_TRIES;
}

interface LostTries {
  readonly lostTries: number;
  /** Of the lost tries, those that a stopped worker gave back. Default 0. */
  readonly stoppedTries?: number;
}
