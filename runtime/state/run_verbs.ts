/**
 * The verbs that move a run: every write of its state is one of them. Each verb names the
 * states that it may leave and those that it may enter. The store puts the states to
 * leave into the guard of its statement. Pure.
 */
import { RUN_STATES, type RunState } from "./run_state.ts";

export interface RunVerb {
  /** Empty when the run has no row yet. */
  readonly from: readonly RunState[];
  readonly to: readonly RunState[];
}

export const RUN_VERBS = {
  /** A schedule, a person, a backfill, an asset or an event creates the run. */
  create: { from: [], to: ["queued"] },
  /**
   * The DAG, or the backfill of the run, has a free slot: fewer runs than allowed run.
   */
  start: { from: ["queued"], to: ["running"] },
  /** Tasks of it ended, and others have not. */
  advance: { from: ["running"], to: ["running"] },
  /** Its last task ended. */
  finish: { from: ["running"], to: ["success", "failed"] },
  /** A person stops the run, or cancels the backfill before the run starts. */
  cancel: { from: ["queued", "running"], to: ["failed"] },
  /** The run took longer than its `dagRunTimeout`. */
  timeOut: { from: ["running"], to: ["failed"] },
  /** A person decides how it ended; never to the state that it has. */
  mark: { from: RUN_STATES, to: ["success", "failed"] },
  /** Instances of it were cleared or marked: it waits for a slot again. */
  reopen: { from: ["queued", "success", "failed"], to: ["queued"] },
  /** The same for a run that runs: it goes on at once. */
  goOn: { from: ["running"], to: ["running"] },
} as const satisfies Readonly<Record<string, RunVerb>>;
export type RunVerbName = keyof typeof RUN_VERBS;

/** Whether a verb may move a run in this state. */
export function mayLeave(verb: RunVerbName, state: RunState): boolean {
  const { from }: RunVerb = RUN_VERBS[verb];
  return from.includes(state);
}
