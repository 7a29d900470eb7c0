/**
 * A worker: takes tokens, runs tries in its task processes, records how they ended, and carries their runs forward. The life of a try is
 * one pipeline: claim, prepare, perform, record. Its token is done with as soon as its process is free again: from the claim on, the row is
 * the truth, and a try whose worker dies is found by its row.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { errorMessage } from "../../sdk/error_message.ts";
import { isDagsmithError } from "../../sdk/errors.ts";
import { DEFAULT_QUEUE } from "../../sdk/spec/index.ts";
import { keysIn } from "../engine/limits/limits.ts";
import { isLoop, plannedTask } from "../engine/plan/plan.ts";
import { completeTries } from "../engine/results/complete_tries.ts";
import type { Outcome, TryEnd } from "../engine/results/outcome.ts";
import type { ClaimedInstance } from "../engine/store.ts";
import type { ServiceLog } from "../service/log.ts";
import { Loop } from "../service/loop.ts";
import { watch } from "../service/watchdog.ts";
import type { TryRef } from "../state/task_state.ts";
import { start } from "../state/transition.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { holderOf, registerWorker, removeWorker } from "../store/fleet/worker.ts";
import { applyTransitions } from "../store/instances/task_instance.ts";
import { grantedReservations } from "../store/limits/slot_request.ts";
import { type RunSnapshot, RunSnapshotCache } from "../store/runs/run_snapshot.ts";
import { assetEvents } from "../store/sources/asset.ts";
import { appendLog, lastChunk } from "../store/values/log_chunk.ts";
import { pushXCom } from "../store/values/xcom.ts";
import { runEngineTransaction } from "../transactions/engine_tx.ts";
import { afterTransaction } from "../transactions/run_ends.ts";
import { Attempt, type Secrets, type XComs } from "./attempt.ts";
import { Batcher } from "./batcher.ts";
import { BundleCache } from "./bundle_cache.ts";
import { CallbackRunner } from "./callback_runner.ts";
import { Heartbeat } from "./heartbeat.ts";
import { LogWriter, type StoreChunk } from "./log_writer.ts";
import { type Queue, startQueue, type TaskJob } from "./queue.ts";
import { RunValues } from "./run_values.ts";
import { Spill, type SpillOptions } from "./spill.ts";
import { sweepFiles } from "./sweep_files.ts";
import { TaskPool } from "./task_pool.ts";

export interface WorkerOptions {
  readonly db: Database;
  readonly secrets: Secrets;
  /** Tries at once. */
  readonly slots: number;
  /** The queues whose tasks it runs. Default: `default` alone. */
  readonly queues?: readonly string[];
  /** The folder of the project: where native addons are looked up. */
  readonly folder: string;
  /** Where bundles are kept on this disk. */
  readonly cacheFolder: string;
  /** Where large values go. Default: nowhere, so that outputs have the limit of the database. */
  readonly xcoms?: SpillOptions | undefined;
  /** The environment of task processes; must hold none of the worker's own secrets. */
  readonly taskEnv: NodeJS.ProcessEnv;
  /** How long running tries may take to finish when the worker is stopped. Default 10 s. */
  readonly graceMs?: number;
  readonly log: ServiceLog;
}

const STOP_GRACE_MS = 10_000;
/** How many times its slots a worker may have in hand, counting tries that only wait to be recorded. */
const RECORDING_AHEAD = 16;
/** Blank processes started ahead of need. */
const WARM = 2;

/** One life of a worker, under one id. When it is declared lost it ends, and a new one begins: see supervisor.ts. */
export class Worker {
  readonly id = `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
  readonly #options: WorkerOptions;
  readonly #plans = new Plans();
  readonly #facts = new RunSnapshotCache(this.#plans);
  readonly #bundles: BundleCache;
  readonly #processes: TaskPool;
  readonly #heartbeat: Heartbeat;
  readonly #callbacks: CallbackRunner;
  readonly #registered = Promise.withResolvers<void>();
  readonly #attempts = new Map<number, Attempt>();
  /** The attempts that the last heartbeat asked about. */
  #asked: ReadonlyMap<number, Attempt> = new Map();
  /** Instances claimed and not recorded yet, by id. */
  readonly #claimed = new Map<number, ClaimedInstance>();
  readonly #claims = new Batcher((refs: readonly TryRef[]) => this.#claimAll(refs));
  readonly #spill: Spill;
  readonly #values: RunValues;
  readonly #sweep: Loop;
  #watchdog: Loop | undefined;
  readonly #ends = new Batcher((ends: readonly TryEnd[]) => this.#completeAll(ends));
  readonly #onDeath: (reason: string) => void;
  #queue: Queue | undefined;
  #lost = false;
  /** Resolves when nothing is in hand any more; made when the worker stops. */
  #idle: PromiseWithResolvers<void> | undefined;

  /** @param onDeath called when this life ends unasked, perhaps more than once */
  constructor(options: WorkerOptions, onDeath: (reason: string) => void) {
    this.#options = options;
    this.#bundles = new BundleCache(options.db, options.cacheFolder);
    this.#spill = new Spill(options.db, options.xcoms);
    this.#values = new RunValues(options.db, this.#spill);
    this.#sweep = new Loop(sweepFiles(this.#spill), options.log);
    this.#processes = new TaskPool(options.slots, { env: options.taskEnv, folder: options.folder });
    const { db, secrets } = options;
    const [facts, bundles, processes] = [this.#facts, this.#bundles, this.#processes];
    this.#callbacks = new CallbackRunner({
      db,
      workerId: this.id,
      secrets,
      facts,
      bundles,
      processes,
    });
    this.#heartbeat = new Heartbeat({
      db: options.db,
      log: options.log,
      workerId: this.id,
      running: () => {
        this.#asked = new Map(this.#attempts);
        return [...this.#attempts.values()].map(({ instance }) => ({
          instanceId: instance.id,
          tryNumber: instance.tryNumber,
        }));
      },
      onTaken: (ids) => {
        // A sensor's next poke may be in hand under the same try: only what the beat asked about is meant.
        for (const id of ids)
          if (this.#asked.get(id) === this.#attempts.get(id))
            this.#attempts.get(id)?.interrupt("taken");
      },
      onLost: () => {
        this.#lost = true;
        onDeath("it was declared lost: its heartbeat did not reach the database");
      },
    });
    this.#onDeath = onDeath;
    // Only tokens wait for it, and there may be none.
    this.#registered.promise.catch(() => undefined);
  }

  /** Begins to take tokens. */
  async start(): Promise<void> {
    const { db, slots, queues = [DEFAULT_QUEUE] } = this.#options;
    const warmed = this.#processes.warm(WARM);
    this.#queue = await startQueue({
      ...{ db, slots, queues },
      handle: (token) => this.#handle(token),
      handleCallback: async (id) => {
        await this.#registered.promise;
        await this.#callbacks.handle(id);
      },
      onDeath: (error) => this.#onDeath(error.message),
    });
    await this.#heartbeat.start();
    await registerWorker(db, {
      id: this.id,
      poolId: this.#queue.poolId,
      hostname: hostname(),
      pid: process.pid,
      slots,
      queues,
    });
    this.#registered.resolve();
    if (this.#options.xcoms) this.#sweep.start();
    const loops = [this.#heartbeat.loop, this.#sweep];
    this.#watchdog = watch(() => loops, { log: this.#options.log });
    await warmed;
  }

  /** Takes no more tokens, lets running tries finish for a while, then gives them back as lost; leaves nothing behind. Idempotent. */
  async stop(): Promise<void> {
    const grace = setTimeout(() => this.#interruptAll(), this.#options.graceMs ?? STOP_GRACE_MS);
    await this.#queue?.stop();
    await this.#drained();
    clearTimeout(grace);
    await this.#watchdog?.stop();
    await this.#heartbeat.stop();
    const swept = this.#sweep.stop();
    this.#spill.close();
    await swept;
    await this.#processes.stop();
    if (!this.#lost) await removeWorker(this.#options.db, this.id);
  }

  /** Ends at once what still runs. It is given back as lost: that its worker ended must not use up a task's retries. */
  async abandon(): Promise<void> {
    this.#lost = true;
    this.#registered.reject(new Error("the worker ended before it had begun"));
    this.#interruptAll();
    await this.#processes.stop();
    await this.stop();
  }

  async #drained(): Promise<void> {
    if (this.#attempts.size === 0) return;
    this.#idle = Promise.withResolvers();
    await this.#idle.promise;
  }

  #interruptAll(): void {
    this.#callbacks.interrupt();
    for (const attempt of this.#attempts.values()) attempt.interrupt("stopping");
  }

  async #handle(token: TaskJob): Promise<void> {
    await this.#registered.promise;
    const ref = { instanceId: token.ti, tryNumber: token.try };
    const claimed = await this.#claims.add(ref);
    if (!claimed) return this.#reconsider(ref);
    const facts = await this.#factsOf(claimed);
    const log = new LogWriter(this.#chunksOf(claimed), this.#options.secrets.mask);
    const attempt = new Attempt(
      claimed,
      facts,
      this.#options.secrets,
      this.#xcomsOf(claimed, facts),
      log,
    );
    this.#attempts.set(claimed.id, attempt);
    if (this.#lost) attempt.interrupt("stopping");
    const outcome = await this.#perform(attempt, facts);
    const recorded = this.#record(attempt, log, outcome);
    // Recording goes on while the process takes its next try; only a worker that records too slowly waits for it.
    if (this.#attempts.size > this.#options.slots * RECORDING_AHEAD) await recorded;
  }

  /** Where lines of a try go: behind those of the pokes before this one. */
  #chunksOf({ id, tryNumber, pokes }: ClaimedInstance): StoreChunk {
    const { db } = this.#options;
    let written: Promise<number> | undefined;
    return async (seq, lines) => {
      written ??= pokes === 0 ? Promise.resolve(0) : lastChunk(db, id, tryNumber);
      await appendLog(db, id, tryNumber, (await written) + seq, lines);
    };
  }

  async #factsOf({ id, runId, generation }: ClaimedInstance): Promise<RunSnapshot> {
    try {
      const facts = (await this.#facts.get(this.#options.db, [{ id: runId, generation }])).get(
        runId,
      );
      if (facts) return facts;
      throw new Error(`run ${runId} cannot be read`);
    } catch (error) {
      // The token comes back, and finds a try that was claimed here and is not in hand: see reconsider.
      this.#claimed.delete(id);
      throw error;
    }
  }

  async #perform(attempt: Attempt, facts: RunSnapshot): Promise<Outcome> {
    const { plan } = facts.version;
    const { spec, route } = plannedTask(plan, attempt.instance.taskId);
    try {
      const places = route.isLate
        ? await grantedReservations(this.#options.db, attempt.instance)
        : undefined;
      const asksKeys = route.isLate && places === undefined;
      const inputs = await this.#values.inputs(facts, spec, attempt.instance.mapIndex);
      const previous = isLoop(spec) ? await this.#values.previous(attempt.instance) : undefined;
      const maxOutputBytes = this.#spill.limitFor(plan, spec.taskId);
      const bundle = await this.#bundles.path(facts.version.bundleHash);
      const process = await this.#processes.take(bundle, spec.freshProcess);
      const outcome = await attempt.perform(process, bundle, {
        inputs,
        previous,
        maxOutputBytes,
        asksKeys,
      });
      this.#processes.giveBack(process, spec.freshProcess || attempt.spoiltProcess);
      if (outcome.kind === "not_yet" && places) return { ...outcome, keys: keysIn(places) };
      return await this.#kept(outcome, maxOutputBytes);
    } catch (error) {
      // What the worker could not provide is this try's failure; another try, perhaps on another worker, may do better.
      return { kind: "failed", reason: reasonOf(error), error: null, retryable: true };
    }
  }

  /** An outcome whose output is ready to be stored. */
  async #kept(outcome: Outcome, maxOutputBytes: number): Promise<Outcome> {
    if (outcome.kind !== "success" || outcome.output === null) return outcome;
    const { json, file } = await this.#spill.keep(outcome.output, maxOutputBytes);
    return file === null ? outcome : { ...outcome, output: json, file };
  }

  /** Never rejects: a worker that cannot record ends its life, and what it held is rescued. */
  async #record(attempt: Attempt, log: LogWriter, outcome: Outcome): Promise<void> {
    const { id, tryNumber, lostTries, clearedTries, runId, taskId, mapIndex, pokes } =
      attempt.instance;
    const ended = {
      instanceId: id,
      tryNumber,
      lostTries,
      clearedTries,
      runId,
      taskId,
      mapIndex,
      workerId: this.id,
      pokes,
    };
    const { elapsedMs } = attempt;
    try {
      await log.end();
      await this.#ends.add({ ...ended, elapsedMs, outcome });
    } catch (error) {
      if (!this.#lost) this.#onDeath(`an outcome could not be recorded: ${errorMessage(error)}`);
    } finally {
      // The next try of the same instance may be in hand here already.
      if (this.#attempts.get(id) === attempt) this.#attempts.delete(id);
      if (this.#claimed.get(id) === attempt.instance) this.#claimed.delete(id);
      if (this.#attempts.size === 0) this.#idle?.resolve();
    }
  }

  /** A token whose try cannot be claimed is a late copy, unless it was claimed here and the answer was lost with its connection. */
  async #reconsider(ref: TryRef): Promise<void> {
    const held = await holderOf(this.#options.db, ref);
    if (
      held?.workerId !== this.id ||
      this.#claimed.get(ref.instanceId)?.tryNumber === ref.tryNumber
    )
      return;
    await this.#ends.add({
      ...held,
      outcome: { kind: "lost", reason: "the connection broke while the try was claimed" },
    });
  }

  async #claimAll(refs: readonly TryRef[]): Promise<readonly (ClaimedInstance | undefined)[]> {
    const claimed = new Map(
      (
        await applyTransitions(
          this.#options.db,
          refs.map((ref) => start(ref, this.id)),
        )
      ).map((instance) => [instance.id, instance]),
    );
    return refs.map(({ instanceId }) => {
      const instance = claimed.get(instanceId);
      // Of two copies of a token in one batch only one may run.
      claimed.delete(instanceId);
      if (instance) this.#claimed.set(instanceId, instance);
      return instance;
    });
  }

  async #completeAll(ends: readonly TryEnd[]): Promise<readonly boolean[]> {
    const { db } = this.#options;
    const completed = await runEngineTransaction(db, this.#plans, (tx) => completeTries(tx, ends));
    await afterTransaction(db, this.#plans, completed);
    return ends.map(({ instanceId }) => completed.accepted.has(instanceId));
  }

  #xcomsOf(instance: ClaimedInstance, facts: RunSnapshot): XComs {
    const { id, runId, taskId, tryNumber } = instance;
    return {
      pull: (from, key) => this.#values.pull(facts, from, key),
      assetEvents: async (uri, limit) =>
        (await assetEvents(this.#options.db, uri, { limit })).toReversed(),
      page: (from, after) => this.#values.page(runId, from, after),
      push: async (key, json) => {
        const kept = await this.#spill.keep(json, this.#spill.limitFor(facts.version.plan, taskId));
        if (
          await pushXCom(
            this.#options.db,
            { key, ...kept },
            { instanceId: id, tryNumber, workerId: this.id },
          )
        )
          return;
        throw new Error(
          "the value was not stored: the try was cancelled, or given to another worker",
        );
      },
    };
  }
}

/** With the code, where there is one: nobody sees the error itself. */
function reasonOf(error: unknown): string {
  if (isDagsmithError(error)) return `${error.code}: ${error.message}`;
  return errorMessage(error);
}
