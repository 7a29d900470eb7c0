/**
 * Runs tries. The life of a try is one pipeline: claim, prepare, perform, record. Its
 * queue job is done when its process is free again: from the claim on, the row is the
 * truth, and the try of a worker that dies is found by its row.
 */
import { errorMessage } from "../../sdk/error_message.ts";
import { isDagsmithError } from "../../sdk/errors.ts";
import { keysIn } from "../engine/limits/limits.ts";
import { isLoop, type PlannedTask, plannedTask } from "../engine/plan/plan.ts";
import { mayBeFollowed } from "../engine/results/hand_over.ts";
import type { Outcome } from "../engine/results/outcome.ts";
import type { ClaimedInstance } from "../engine/store.ts";
import type { TryRef } from "../state/task_state.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { holderOf } from "../store/fleet/held_try.ts";
import { assertLease } from "../store/fleet/worker.ts";
import { grantedReservations } from "../store/limits/slot_request.ts";
import type { RunSnapshotCache } from "../store/runs/run_snapshot.ts";
import { Attempt, type Files, type Folders, type SpanListener } from "./attempt.ts";
import { Claims } from "./claims.ts";
import { tryLog } from "./log_writer.ts";
import type { RunSecrets } from "./run_secrets.ts";
import type { TaskPool } from "./task_pool.ts";
import { TryEnds } from "./try_ends.ts";
import type { ValueStore } from "./value_store.ts";

export interface TryRunnerOptions {
  readonly db: Database;
  readonly workerId: string;
  /** Tries at once. */
  readonly slots: number;
  /** The queues of workers that it serves. */
  readonly queues: readonly string[];
  /** Whether a slot is free, so that no job waits for one. */
  readonly hasFreeSlot: () => boolean;
  readonly secrets: RunSecrets;
  readonly plans: Plans;
  readonly snapshots: RunSnapshotCache;
  readonly processes: TaskPool;
  readonly values: ValueStore;
  readonly folders: Folders;
  readonly files: Files;
  /** Most bytes of the log of a try. Default 64 MiB. */
  readonly logBytes?: number | undefined;
  /** Called with the bytes of each chunk of a log that was stored. */
  readonly onLogStored?: ((bytes: number) => void) | undefined;
  readonly onTryEnd?: TryListener | undefined;
  /** Takes the spans of tries. Default: traces are off. */
  readonly onSpan?: SpanListener | undefined;
  /**
   * Whether the worker was declared lost: its tries belong to other workers, and it
   * records no more outcomes.
   */
  readonly isLost: () => boolean;
  /**
   * Called when an outcome could not be recorded, perhaps more than once: the worker must
   * end.
   */
  readonly onUnrecorded: (reason: string) => void;
}

/** One run of a task's body that ended. */
export interface EndedTry {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
  readonly outcome: Outcome["kind"];
  /** Of a try that failed or was lost; secrets are masked. */
  readonly reason?: string;
  readonly seconds: number;
}

/** Called after each run of a task's body, for metrics and logs. */
export type TryListener = (end: EndedTry) => void;

/**
 * How many tries a worker may hold for each slot, including tries that only wait to be
 * recorded.
 */
const RECORDING_AHEAD = 16;
/**
 * How many tries may follow each other in one slot without the queue, so that jobs which
 * came meanwhile are not held up.
 */
const MOST_IN_A_ROW = 50;

export class TryRunner {
  readonly #options: TryRunnerOptions;
  readonly #attempts = new Map<number, Attempt>();
  /** Jobs in their slots: also between two tries, when no attempt is there. */
  #handled = 0;
  /** The attempts that the last heartbeat asked about. */
  #asked: ReadonlyMap<number, Attempt> = new Map();
  readonly #claims: Claims;
  readonly #ends: TryEnds;
  #takesMore = true;
  #interruption: "stopping" | "ended" | undefined;
  /** Resolves when no try and no job is left; created when the worker stops. */
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: TryRunnerOptions) {
    const { db, plans, workerId, queues } = options;
    this.#options = options;
    this.#claims = new Claims(db, workerId);
    this.#ends = new TryEnds({ db, plans, workerId, queues, claims: this.#claims });
  }

  /**
   * Runs the try of a queue job, and in the same slot what the worker takes over after it.
   * Resolves when the slot is free. When it rejects, the queue delivers the job again
   * later.
   */
  async handle(ref: TryRef): Promise<void> {
    this.#handled += 1;
    try {
      await this.#handle(ref);
    } finally {
      this.#handled -= 1;
      this.#tellIdle();
    }
  }

  async #handle(ref: TryRef): Promise<void> {
    const instance = await this.#claims.claim(ref);
    if (!instance) return this.#reconsider(ref);
    let next = await this.#run(await this.#prepare(instance), true);
    for (let inARow = 2; next; inARow++) next = await this.#runTaken(next, inARow < MOST_IN_A_ROW);
  }

  /** Takes over nothing any more: the worker stops. */
  takeNoMore(): void {
    this.#takesMore = false;
  }

  /** @returns what the worker took over, to be run next in the same slot */
  async #run(attempt: Attempt, mayTake: boolean): Promise<ClaimedInstance | undefined> {
    const { onTryEnd, hasFreeSlot, slots } = this.#options;
    const outcome = await this.#perform(attempt);
    onTryEnd?.(endedTry(attempt, outcome));
    // This slot waits for the answer, so no job may wait for the slot.
    const takesNext = mayTake && this.#takesMore && hasFreeSlot() && mayBeFollowed(taskOf(attempt));
    const recorded = this.#record(attempt, outcome, takesNext);
    // Otherwise the outcome is recorded while the process runs its next try. Only a worker
    // that records too slowly waits for it.
    const isWaited = takesNext || this.#attempts.size > slots * RECORDING_AHEAD;
    return isWaited ? recorded : undefined;
  }

  /** No job comes back for an instance that was taken over: what cannot be run is given back. */
  async #runTaken(
    instance: ClaimedInstance,
    mayTake: boolean,
  ): Promise<ClaimedInstance | undefined> {
    const attempt = await this.#prepare(instance).catch(() => undefined);
    if (attempt) return this.#run(attempt, mayTake);
    const { workerId } = this.#options;
    return this.#recorded(async () => {
      await this.#ends.giveBack({ ...endOf(instance), workerId });
      return undefined;
    });
  }

  /** How many tries it holds, including those whose end it still records. */
  get size(): number {
    return this.#attempts.size;
  }

  /** The tries of this worker, for a heartbeat. */
  running(): readonly TryRef[] {
    this.#asked = new Map(this.#attempts);
    return Array.from(this.#attempts.values(), ({ instance }) => ({
      instanceId: instance.id,
      tryNumber: instance.tryNumber,
    }));
  }

  /**
   * Interrupts the tries that no longer belong to this worker, by the answer to a
   * heartbeat.
   */
  interruptTaken(instanceIds: readonly number[]): void {
    // The next poke of a sensor may already run under the same try: interrupt only the
    // attempt that the heartbeat asked about.
    for (const id of instanceIds)
      if (this.#asked.get(id) === this.#attempts.get(id))
        this.#attempts.get(id)?.interrupt("taken");
  }

  /** Interrupts every try; each of them ends as lost. */
  interruptAll(why: "stopping" | "ended"): void {
    this.#interruption = why;
    for (const attempt of this.#attempts.values()) attempt.interrupt(why);
  }

  /** Resolves when no try is left, and no job that may bring one. */
  async drained(): Promise<void> {
    this.#idle = Promise.withResolvers();
    this.#tellIdle();
    await this.#idle.promise;
  }

  #tellIdle(): void {
    if (this.#attempts.size === 0 && this.#handled === 0) this.#idle?.resolve();
  }

  /**
   * A job whose try cannot be claimed is a late copy. There is one exception: this worker
   * claimed the try, and the answer was lost with the connection.
   */
  async #reconsider(ref: TryRef): Promise<void> {
    const { db, workerId } = this.#options;
    await assertLease(db, workerId);
    const held = await holderOf(db, ref);
    const isHere = held?.workerId === workerId;
    if (isHere && !this.#claims.knows(ref)) await this.#ends.giveBack(held);
  }

  async #prepare(instance: ClaimedInstance): Promise<Attempt> {
    const { db, secrets, values, folders, files, workerId, isLost } = this.#options;
    const { logBytes, onLogStored } = this.#options;
    const { id: instanceId, tryNumber, pokes } = instance;
    const run = await this.#runOf(instance);
    const attempt = new Attempt({
      ...{ workerId, instance, run, folders, files, onSpan: this.#options.onSpan },
      secrets: secrets.of(run, `task ${instance.taskId}`),
      xcoms: values.xcomsOf(instance, run, workerId),
      log: tryLog(
        db,
        { instanceId, tryNumber, hasLog: pokes > 0 },
        { mask: secrets.mask, maxBytes: logBytes, onStored: onLogStored },
      ),
    });
    this.#attempts.set(instanceId, attempt);
    const interruption = isLost() ? "ended" : this.#interruption;
    if (interruption) attempt.interrupt(interruption);
    return attempt;
  }

  async #runOf(instance: ClaimedInstance) {
    const { db, snapshots } = this.#options;
    const { runId, generation } = instance;
    try {
      const run = (await snapshots.get(db, [{ id: runId, generation }])).get(runId);
      if (run) return run;
      throw new Error(`run ${runId} cannot be read`);
    } catch (error) {
      // The job comes back, and finds a try that this worker claimed but does not run:
      // see #reconsider.
      this.#claims.forget(instance);
      throw error;
    }
  }

  async #perform(attempt: Attempt): Promise<Outcome> {
    try {
      return await this.#performIn(attempt);
    } catch (error) {
      // A value or a bundle that the worker could not load fails this try. Another try,
      // perhaps on another worker, may succeed.
      return { kind: "failed", reason: reasonOf(error), error: null, retryable: true };
    }
  }

  async #performIn(attempt: Attempt): Promise<Outcome> {
    const { db, values, processes } = this.#options;
    const { instance, run, spec } = attempt;
    const { route } = taskOf(attempt);
    const slots = route.isLate ? await grantedReservations(db, instance) : undefined;
    const maxOutputBytes = values.limitOf(run, spec.taskId);
    const given = {
      asksKeys: route.isLate && slots === undefined,
      inputs: await values.inputs(run, spec, instance.mapIndex),
      previous: isLoop(spec) ? await values.previous(instance) : undefined,
      maxOutputBytes,
    };
    const outcome = await attempt.perform(processes, given);
    const runsAgain = outcome.kind === "not_yet" || outcome.kind === "asleep";
    if (runsAgain && slots) return { ...outcome, keys: keysIn(slots) };
    return this.#kept(outcome, maxOutputBytes);
  }

  /** An outcome whose output is ready to be stored. */
  async #kept(outcome: Outcome, maxOutputBytes: number): Promise<Outcome> {
    if (outcome.kind !== "success" || outcome.output === null) return outcome;
    const { json, file } = await this.#options.values.keep(outcome.output, maxOutputBytes);
    return file === null ? outcome : { ...outcome, output: json, file };
  }

  /**
   * Never rejects: a worker that cannot record outcomes ends itself, and its tries are
   * rescued.
   */
  async #record(
    attempt: Attempt,
    outcome: Outcome,
    takesNext: boolean,
  ): Promise<ClaimedInstance | undefined> {
    const { workerId } = this.#options;
    const { instance, elapsedMs } = attempt;
    const next = await this.#recorded(async () => {
      await attempt.log.end();
      const end = { ...endOf(instance), workerId, elapsedMs, outcome };
      return this.#ends.record(end, takesNext);
    });
    this.#forget(attempt);
    return next;
  }

  async #recorded(
    record: () => Promise<ClaimedInstance | undefined>,
  ): Promise<ClaimedInstance | undefined> {
    const { isLost, onUnrecorded } = this.#options;
    try {
      return await record();
    } catch (error) {
      if (!isLost()) onUnrecorded(`an outcome could not be recorded: ${errorMessage(error)}`);
      return undefined;
    }
  }

  /** The next try of the same instance may already run here. */
  #forget(attempt: Attempt): void {
    const { id } = attempt.instance;
    if (this.#attempts.get(id) === attempt) this.#attempts.delete(id);
    this.#claims.forget(attempt.instance);
    this.#tellIdle();
  }
}

const taskOf = ({ run, spec }: Attempt): PlannedTask => plannedTask(run.version.plan, spec.taskId);

function endedTry({ instance, run, tryMs }: Attempt, outcome: Outcome): EndedTry {
  const { taskId, mapIndex, tryNumber } = instance;
  return {
    ...{ dagId: run.version.dagId, runId: run.runId, taskId, mapIndex, tryNumber },
    outcome: outcome.kind,
    ...("reason" in outcome && { reason: outcome.reason }),
    seconds: tryMs / 1_000,
  };
}

function endOf({
  id: instanceId,
  tryNumber,
  lostTries,
  clearedTries,
  runId,
  taskId,
  mapIndex,
  pokes,
}: ClaimedInstance) {
  return { instanceId, tryNumber, lostTries, clearedTries, runId, taskId, mapIndex, pokes };
}

/** With the code, if there is one: users see the reason, not the error itself. */
function reasonOf(error: unknown): string {
  if (isDagsmithError(error)) return `${error.code}: ${error.message}`;
  return errorMessage(error);
}
