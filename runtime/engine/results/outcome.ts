/** How tries end, as whoever saw it tells the engine: the worker that ran one, a clock, another run, a person. */
import type { LateKeys } from "../../../sdk/spec/index.ts";
import type { StoredError } from "../../state/task_state.ts";
import type { SaidUpdate } from "./outlets.ts";
import type { WaitOutcome } from "./waiting.ts";

/** How the worker saw a try end. */
export type Outcome = Ending & {
  /** What the task calls this instance of it, when it says so. */
  readonly label?: string;
};

type Ending =
  /**
   * `output` is JSON text; null when the body returned nothing, or when the output lies in `file`. `assets`: what it said of assets that it
   * updates. `again`: an iteration of a loop that is not done.
   */
  | {
      readonly kind: "success";
      readonly output: string | null;
      readonly file?: string;
      readonly assets?: readonly SaidUpdate[];
      readonly again?: boolean;
    }
  /** `leftOut`: its item is none of the list's. */
  | { readonly kind: "skipped"; readonly reason: string; readonly leftOut?: boolean }
  | FailedOutcome
  | WaitOutcome
  /** The task said under which keys it runs; the try has not begun, and waits for its places. */
  | { readonly kind: "unplaced"; readonly keys: LateKeys }
  /** Its worker died; this is said by whoever found out. */
  | { readonly kind: "lost"; readonly reason: string };

export interface FailedOutcome {
  readonly kind: "failed";
  readonly reason: string;
  readonly error: StoredError | null;
  readonly retryable: boolean;
  /** How long the error asks to wait before the next try. */
  readonly retryAfterMs?: number;
}

/** The end of one try, or of a wait. */
export interface TryEnd {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly lostTries: number;
  /** Tries before the instance was last cleared: they use up no retry. Default 0. */
  readonly clearedTries?: number;
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  /** The worker that held the try: the fence. */
  readonly workerId: string;
  /** Since the start of the first try. Default 0. */
  readonly elapsedMs?: number;
  /** Pokes before this one in this try. Default 0. */
  readonly pokes?: number;
  readonly outcome: Outcome;
}
