/**
 * Records the ends of a worker's tries, many in one transaction. The same transaction can
 * start what follows from them on this worker: see engine/results/hand_over.ts.
 */
import { errorMessage, errorTitle } from "../../sdk/error_message.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import { completeTries } from "../engine/results/complete_tries.ts";
import type { Offer } from "../engine/results/hand_over.ts";
import type { Outcome, TryEnd } from "../engine/results/outcome.ts";
import type { ClaimedInstance } from "../engine/store.ts";
import { CLAIM_LOST } from "../state/lost_try.ts";
import { storedError } from "../state/stored_error.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { isRefusedValue } from "../store/database/storable.ts";
import { triesHeldBy } from "../store/fleet/held_try.ts";
import { startNew } from "../store/instances/start_tries.ts";
import { runEngineTransaction } from "../transactions/engine_tx.ts";
import { afterTransaction } from "../transactions/run_ends.ts";
import { Batcher } from "./batcher.ts";
import type { Claims } from "./claims.ts";

export interface TryEndsOptions {
  readonly db: Database;
  readonly plans: Plans;
  readonly workerId: string;
  /** The queues of workers that it serves. */
  readonly queues: readonly string[];
  readonly claims: Claims;
}

/** The end of a try. */
interface ReportedEnd {
  readonly end: TryEnd;
  /** Whether its slot stays free until the answer, for an instance that follows. */
  readonly takesNext: boolean;
}

/** For each end the instance that its slot takes over, if there is one. */
type Taken = readonly (ClaimedInstance | undefined)[];

const LOST_CLAIM: Outcome = { kind: "lost", reason: CLAIM_LOST };

export class TryEnds {
  readonly #options: TryEndsOptions;
  readonly #batcher = new Batcher((ends: readonly ReportedEnd[]) => this.#recordAll(ends));

  constructor(options: TryEndsOptions) {
    this.#options = options;
  }

  /**
   * Records the end of a try.
   * @param takesNext whether the worker begins at once what follows
   * @returns what follows; the worker has claimed it
   */
  record(end: TryEnd, takesNext: boolean): Promise<ClaimedInstance | undefined> {
    return this.#batcher.add({ end, takesNext });
  }

  /** Ends a try that this worker has claimed and cannot run, so that it is queued again. */
  async giveBack(held: Omit<TryEnd, "outcome">): Promise<void> {
    await this.record({ ...held, outcome: LOST_CLAIM }, false);
  }

  /**
   * A value that the database refuses fails its own try, and not those that end with it.
   */
  async #recordAll(ends: readonly ReportedEnd[]): Promise<Taken> {
    try {
      return await this.#recordTogether(ends);
    } catch (error) {
      if (!isRefusedValue(error)) throw error;
      const [only] = ends;
      if (ends.length === 1 && only)
        return this.#recordTogether([{ ...only, end: refused(only.end, error) }]);
      const half = Math.ceil(ends.length / 2);
      const first = await this.#recordAll(ends.slice(0, half));
      return [...first, ...(await this.#recordAll(ends.slice(half)))];
    }
  }

  async #recordTogether(ends: readonly ReportedEnd[]): Promise<Taken> {
    const slots = ends.filter(({ takesNext }) => takesNext).length;
    const { taken, isRepeated } = await this.#complete(
      ends.map(({ end }) => end),
      slots,
    );
    if (isRepeated && slots > 0) await this.#giveBackUnknown(ends);
    const left = [...taken];
    return ends.map(({ takesNext }) => (takesNext ? left.shift() : undefined));
  }

  async #complete(ends: readonly TryEnd[], slots: number) {
    const { db, plans, workerId, queues, claims } = this.#options;
    const offer: Offer = { slots, queues };
    let times = 0;
    const completed = await runEngineTransaction(db, plans, async (tx, on) => {
      times += 1;
      const completed = await completeTries(tx, ends, offer);
      return { ...completed, taken: await startNew(on, workerId, completed.taken) };
    });
    claims.add(completed.taken);
    await afterTransaction(db, plans, completed);
    return { taken: completed.taken, isRepeated: times > 1 };
  }

  /**
   * A transaction that was repeated may have been committed before, and only the answer
   * was lost: then this worker holds instances of which it does not know.
   */
  async #giveBackUnknown(ends: readonly ReportedEnd[]): Promise<void> {
    const { db, workerId, claims } = this.#options;
    const held = await triesHeldBy(db, workerId, [...new Set(ends.map(({ end }) => end.runId))]);
    const unknown = held.filter((one) => !claims.knows(one));
    if (unknown.length === 0) return;
    await this.#complete(
      unknown.map((one) => ({ ...one, outcome: LOST_CLAIM })),
      0,
    );
  }
}

/**
 * The end of a try that left what cannot be stored. Another try may leave something else.
 */
function refused(end: TryEnd, cause: unknown): TryEnd {
  const error = storedError(new DagsmithError("VALUE_REFUSED", { reason: errorMessage(cause) }));
  const reason = errorTitle(error);
  return { ...end, outcome: { kind: "failed", reason, error, retryable: true } };
}
