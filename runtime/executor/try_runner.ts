/**
 * Runs tries. The life of a try is one pipeline: claim, prepare, perform, record. Its queue job is done as soon
 * as its process is free again: from the claim on, the row is the truth, and the try of a worker that dies is
 * found by its row.
 */
import { errorMessage } from "../../sdk/error_message.ts";
import { isDagsmithError } from "../../sdk/errors.ts";
import { keysIn } from "../engine/limits/limits.ts";
import { isLoop, plannedTask } from "../engine/plan/plan.ts";
import { completeTries } from "../engine/results/complete_tries.ts";
import type { Outcome, TryEnd } from "../engine/results/outcome.ts";
import type { ClaimedInstance } from "../engine/store.ts";
import type { TryRef } from "../state/task_state.ts";
import { start } from "../state/transition.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { holderOf } from "../store/fleet/worker.ts";
import { applyTransitions } from "../store/instances/task_instance.ts";
import { grantedReservations } from "../store/limits/slot_request.ts";
import type { RunSnapshotCache } from "../store/runs/run_snapshot.ts";
import { runEngineTransaction } from "../transactions/engine_tx.ts";
import { afterTransaction } from "../transactions/run_ends.ts";
import { Attempt, type Secrets } from "./attempt.ts";
import { Batcher } from "./batcher.ts";
import type { BundleCache } from "./bundle_cache.ts";
import { tryLog } from "./log_writer.ts";
import type { TaskPool } from "./task_pool.ts";
import type { ValueStore } from "./value_store.ts";

export interface TryRunnerOptions {
  readonly db: Database;
  readonly workerId: string;
  /** Tries at once. */
  readonly slots: number;
  readonly secrets: Secrets;
  readonly plans: Plans;
  readonly snapshots: RunSnapshotCache;
  readonly bundles: BundleCache;
  readonly processes: TaskPool;
  readonly values: ValueStore;
  /** Whether the worker was declared lost: its tries belong to others, and it records nothing more. */
  readonly isLost: () => boolean;
  /** Called when an outcome could not be recorded, perhaps more than once: the worker must end. */
  readonly onUnrecorded: (reason: string) => void;
}

/** How many times its slots a worker may have in hand, counting tries that only wait to be recorded. */
const RECORDING_AHEAD = 16;

export class TryRunner {
  readonly #options: TryRunnerOptions;
  readonly #attempts = new Map<number, Attempt>();
  /** The attempts that the last heartbeat asked about. */
  #asked: ReadonlyMap<number, Attempt> = new Map();
  /** Instances claimed and not recorded yet, by id. */
  readonly #claimed = new Map<number, ClaimedInstance>();
  readonly #claims = new Batcher((refs: readonly TryRef[]) => this.#claimAll(refs));
  readonly #ends = new Batcher((ends: readonly TryEnd[]) => this.#completeAll(ends));
  /** Resolves when nothing is in hand any more; made when the worker stops. */
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: TryRunnerOptions) {
    this.#options = options;
  }

  /** Runs the try of a queue job. Resolves when its slot is free; a rejection brings the job back later. */
  async handle(ref: TryRef): Promise<void> {
    const instance = await this.#claims.add(ref);
    if (!instance) return this.#reconsider(ref);
    const attempt = await this.#prepare(instance);
    const outcome = await this.#perform(attempt);
    const recorded = this.#record(attempt, outcome);
    // Recording goes on while the process takes its next try; only a worker that records too slowly waits for it.
    if (this.#attempts.size > this.#options.slots * RECORDING_AHEAD) await recorded;
  }

  /** The tries in hand, for a heartbeat. */
  running(): readonly TryRef[] {
    this.#asked = new Map(this.#attempts);
    return Array.from(this.#attempts.values(), ({ instance }) => ({
      instanceId: instance.id,
      tryNumber: instance.tryNumber,
    }));
  }

  /** Interrupts the tries that are no longer this worker's, by the answer to a heartbeat. */
  interruptTaken(instanceIds: readonly number[]): void {
    // A sensor's next poke may be in hand under the same try: only the attempt that the heartbeat asked about is meant.
    for (const id of instanceIds)
      if (this.#asked.get(id) === this.#attempts.get(id))
        this.#attempts.get(id)?.interrupt("taken");
  }

  /** Interrupts every try in hand; each is given back as lost. */
  interruptAll(): void {
    for (const attempt of this.#attempts.values()) attempt.interrupt("stopping");
  }

  /** Resolves when nothing is in hand any more. */
  async drained(): Promise<void> {
    if (this.#attempts.size === 0) return;
    this.#idle = Promise.withResolvers();
    await this.#idle.promise;
  }

  async #claimAll(refs: readonly TryRef[]): Promise<readonly (ClaimedInstance | undefined)[]> {
    const { db, workerId } = this.#options;
    const moved = await applyTransitions(
      db,
      refs.map((ref) => start(ref, workerId)),
    );
    const claimed = new Map(moved.map((instance) => [instance.id, instance]));
    return refs.map(({ instanceId }) => {
      const instance = claimed.get(instanceId);
      // Of two copies of a job in one batch only one may run.
      claimed.delete(instanceId);
      if (instance) this.#claimed.set(instanceId, instance);
      return instance;
    });
  }

  /** A job whose try cannot be claimed is a late copy, unless it was claimed here and the answer was lost with its connection. */
  async #reconsider(ref: TryRef): Promise<void> {
    const held = await holderOf(this.#options.db, ref);
    const isHere = held?.workerId === this.#options.workerId;
    if (!isHere || this.#claimed.get(ref.instanceId)?.tryNumber === ref.tryNumber) return;
    await this.#ends.add({
      ...held,
      outcome: { kind: "lost", reason: "the connection broke while the try was claimed" },
    });
  }

  async #prepare(instance: ClaimedInstance): Promise<Attempt> {
    const { db, secrets, values, workerId, isLost } = this.#options;
    const { id: instanceId, tryNumber, pokes } = instance;
    const run = await this.#runOf(instance);
    const attempt = new Attempt({
      ...{ instance, run, secrets },
      xcoms: values.xcomsOf(instance, run, workerId),
      log: tryLog(db, { instanceId, tryNumber, hasLog: pokes > 0 }, secrets.mask),
    });
    this.#attempts.set(instanceId, attempt);
    if (isLost()) attempt.interrupt("stopping");
    return attempt;
  }

  async #runOf({ id, runId, generation }: ClaimedInstance) {
    const { db, snapshots } = this.#options;
    try {
      const run = (await snapshots.get(db, [{ id: runId, generation }])).get(runId);
      if (run) return run;
      throw new Error(`run ${runId} cannot be read`);
    } catch (error) {
      // The job comes back, and finds a try that was claimed here and is not in hand: see #reconsider.
      this.#claimed.delete(id);
      throw error;
    }
  }

  async #perform(attempt: Attempt): Promise<Outcome> {
    try {
      return await this.#performIn(attempt);
    } catch (error) {
      // A value or a bundle that the worker could not provide fails this try; another try, perhaps on another worker, may do better.
      return { kind: "failed", reason: reasonOf(error), error: null, retryable: true };
    }
  }

  async #performIn(attempt: Attempt): Promise<Outcome> {
    const { db, values, bundles, processes } = this.#options;
    const { instance, run, spec } = attempt;
    const { route } = plannedTask(run.version.plan, spec.taskId);
    const slots = route.isLate ? await grantedReservations(db, instance) : undefined;
    const maxOutputBytes = values.limitOf(run, spec.taskId);
    const given = {
      asksKeys: route.isLate && slots === undefined,
      inputs: await values.inputs(run, spec, instance.mapIndex),
      previous: isLoop(spec) ? await values.previous(instance) : undefined,
      maxOutputBytes,
    };
    const bundle = await bundles.path(run.version.bundleHash);
    const process = await processes.take(bundle, spec.freshProcess);
    const outcome = await attempt.perform(process, bundle, given);
    processes.giveBack(process, spec.freshProcess || attempt.hasSpoiltProcess);
    if (outcome.kind === "not_yet" && slots) return { ...outcome, keys: keysIn(slots) };
    return this.#kept(outcome, maxOutputBytes);
  }

  /** An outcome whose output is ready to be stored. */
  async #kept(outcome: Outcome, maxOutputBytes: number): Promise<Outcome> {
    if (outcome.kind !== "success" || outcome.output === null) return outcome;
    const { json, file } = await this.#options.values.keep(outcome.output, maxOutputBytes);
    return file === null ? outcome : { ...outcome, output: json, file };
  }

  /** Never rejects: a worker that cannot record ends its life, and the tries that it held are rescued. */
  async #record(attempt: Attempt, outcome: Outcome): Promise<void> {
    const { workerId, isLost, onUnrecorded } = this.#options;
    const { instance, elapsedMs } = attempt;
    try {
      await attempt.log.end();
      await this.#ends.add({ ...endOf(instance), workerId, elapsedMs, outcome });
    } catch (error) {
      if (!isLost()) onUnrecorded(`an outcome could not be recorded: ${errorMessage(error)}`);
    } finally {
      this.#forget(attempt);
    }
  }

  /** The next try of the same instance may be in hand here already. */
  #forget(attempt: Attempt): void {
    const { id } = attempt.instance;
    if (this.#attempts.get(id) === attempt) this.#attempts.delete(id);
    if (this.#claimed.get(id) === attempt.instance) this.#claimed.delete(id);
    if (this.#attempts.size === 0) this.#idle?.resolve();
  }

  async #completeAll(ends: readonly TryEnd[]): Promise<readonly boolean[]> {
    const { db, plans } = this.#options;
    const completed = await runEngineTransaction(db, plans, (tx) => completeTries(tx, ends));
    await afterTransaction(db, plans, completed);
    return ends.map(({ instanceId }) => completed.accepted.has(instanceId));
  }
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

/** With the code, where there is one: people see the reason and not the error itself. */
function reasonOf(error: unknown): string {
  if (isDagsmithError(error)) return `${error.code}: ${error.message}`;
  return errorMessage(error);
}
