/**
 * Runs callbacks: user code that runs because a task or a run ended. A callback uses the
 * worker's processes as a try does, and changes only its own row and the log. Its queue
 * job stays until its end is recorded, whichever worker has the job, so that it runs again
 * after a death.
 */

import { errorMessage, errorTitle } from "../../sdk/error_message.ts";
import type { CallbackRequest } from "../child/run_callback.ts";
import type { TryRequest } from "../child/run_try.ts";
import { WORKER_STOPPED } from "../state/lost_try.ts";
import type { Database } from "../store/database/database.ts";
import type { RunSnapshot, RunSnapshotCache } from "../store/runs/run_snapshot.ts";
import {
  appendCallbackLog,
  assertCallbackEnded,
  type ClaimedCallback,
  claimCallback,
  endCallback,
  giveBackCallback,
  releaseCallback,
} from "../store/waits/callback.ts";
import { type Folders, tryRequest } from "./attempt.ts";
import { LogWriter, tryLog } from "./log_writer.ts";
import type { RunSecrets } from "./run_secrets.ts";
import type { TaskPool } from "./task_pool.ts";
import type { ProcessEnd, TaskProcess, Unstarted } from "./task_process.ts";

export interface CallbackRunnerOptions {
  readonly db: Database;
  readonly workerId: string;
  readonly secrets: RunSecrets;
  readonly snapshots: RunSnapshotCache;
  readonly processes: TaskPool;
  readonly folders: Folders;
  /** The address of the page; null when it is not known. */
  readonly baseUrl: string | null;
  /** Most bytes of the log of a try. Default 64 MiB. */
  readonly logBytes?: number | undefined;
  /** Called with the bytes of each chunk of a log that was stored. */
  readonly onLogStored?: ((bytes: number) => void) | undefined;
}

/** Longest time that a callback may take. */
const TIMEOUT_MS = 5 * 60_000;
/** A callback is not retried after the deaths of this many workers. */
const MOST_ATTEMPTS = 5;

const LATE: ProcessEnd = {
  outcome: "crashed",
  reason: `it took longer than ${TIMEOUT_MS / 60_000} minutes`,
};
const STOPPED: ProcessEnd = { outcome: "crashed", reason: WORKER_STOPPED };

export class CallbackRunner {
  readonly #options: CallbackRunnerOptions;
  readonly #running = new Set<TaskProcess>();
  /** Ids of callbacks from their claim to their end: the queue may deliver a job twice. */
  readonly #held = new Set<number>();
  #stopping = false;

  constructor(options: CallbackRunnerOptions) {
    this.#options = options;
  }

  /** Asks running callbacks to stop; they go back to the queue. */
  interrupt(): void {
    this.#stopping = true;
    for (const process of this.#running) process.abort(WORKER_STOPPED);
  }

  /**
   * Runs the callback of a queue job. Rejects only for errors that a later attempt may
   * not have.
   */
  async handle(id: number): Promise<void> {
    if (!this.#held.has(id)) await this.#hold(id);
    await assertCallbackEnded(this.#options.db, id);
  }

  /**
   * Claims and runs a callback. After an error, other workers can claim it at once, and
   * not only after the end of this one.
   */
  async #hold(id: number): Promise<void> {
    const { db, workerId } = this.#options;
    this.#held.add(id);
    try {
      const callback = await claimCallback(db, id, workerId);
      if (callback) await this.#runClaimed(callback);
    } catch (error) {
      await releaseCallback(db, id, workerId);
      throw error;
    } finally {
      this.#held.delete(id);
    }
  }

  async #runClaimed(callback: ClaimedCallback): Promise<void> {
    const { db, workerId, snapshots } = this.#options;
    const { id } = callback;
    if (callback.attempts > MOST_ATTEMPTS)
      return endCallback(db, { id, workerId, failure: `its worker died ${MOST_ATTEMPTS} times` });
    const run = (
      await snapshots.get(db, [{ id: callback.runId, generation: callback.generation }])
    ).get(callback.runId);
    if (!run) throw new Error(`run ${callback.runId} cannot be read`);
    const log = this.#logOf(callback);
    const failure = await this.#perform(callback, run, log);
    await log.end();
    if (failure !== null && this.#stopping) {
      await giveBackCallback(db, id, workerId);
      throw new Error(WORKER_STOPPED);
    }
    await endCallback(db, { id, workerId, failure });
  }

  /** @returns the reason of the failure; null when the callback succeeded */
  async #perform(
    callback: ClaimedCallback,
    run: RunSnapshot,
    log: LogWriter,
  ): Promise<string | null> {
    const { secrets, processes } = this.#options;
    try {
      const end = await processes.run(run.version.bundleHash, false, (process) =>
        this.#runIn(process, callback, run, log),
      );
      if (end.outcome === "success") return null;
      const stack = end.outcome === "failed" ? end.error.stack : "";
      const failure = secrets.mask(textOf(end));
      log.line("error", "dagsmith", `${callback.event} failed: ${secrets.mask(stack) || failure}`);
      return failure.slice(0, 2_000);
    } catch (error) {
      return errorMessage(error);
    }
  }

  /** A callback that was asked to stop is not given to another process. */
  async #runIn(
    process: TaskProcess,
    callback: ClaimedCallback,
    run: RunSnapshot,
    log: LogWriter,
  ): Promise<ProcessEnd | Unstarted> {
    if (this.#stopping) return STOPPED;
    const { folders } = this.#options;
    const secrets = this.#options.secrets.of(run, `callback ${callback.event}`);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      process.abort(`a callback may take ${TIMEOUT_MS / 60_000} minutes`);
    }, TIMEOUT_MS);
    this.#running.add(process);
    const host = {
      call: async (method: string, [first = ""]: readonly string[]): Promise<unknown> => {
        if (method === "connection") return secrets.connection(first);
        if (method === "variable") return secrets.variable(first);
        if (method === "folder") return folders.path(first);
        throw new Error("a callback has no XComs");
      },
      log: log.line.bind(log),
    };
    const end = await process.run(tryRequestOf(callback, run), host, {
      ...requestOf(callback),
      url: this.#urlOf(callback),
    });
    this.#running.delete(process);
    clearTimeout(timer);
    if (end.outcome === "success") return end;
    if (isLate) return LATE;
    return this.#stopping ? STOPPED : end;
  }

  #urlOf({ runId, instanceId }: ClaimedCallback): string | null {
    const { baseUrl } = this.#options;
    if (baseUrl === null) return null;
    return instanceId === null ? `${baseUrl}/runs/${runId}` : `${baseUrl}/t/${instanceId}`;
  }

  /** The log of the task's try, or the callback's own log for a callback of the run. */
  #logOf({ id, instanceId, tryNumber }: ClaimedCallback): LogWriter {
    const { db, secrets, logBytes, onLogStored } = this.#options;
    const options = { mask: secrets.mask, maxBytes: logBytes, onStored: onLogStored };
    if (instanceId === null || tryNumber === null)
      return new LogWriter({ append: (_seq, lines) => appendCallbackLog(db, id, lines) }, options);
    return tryLog(db, { instanceId, tryNumber, hasLog: true }, options);
  }
}

function textOf(end: ProcessEnd): string {
  if (end.outcome === "failed") return errorTitle(end.error);
  return "reason" in end ? end.reason : end.outcome;
}

function requestOf({
  event,
  instanceId,
  ordinal,
  reason,
  error,
}: ClaimedCallback): Omit<CallbackRequest, "url"> {
  return { event, ofRun: instanceId === null, ordinal, reason, error };
}

/** A callback of the run has no task and no try. */
function tryRequestOf(
  { taskId, tryNumber, mapIndex }: ClaimedCallback,
  run: RunSnapshot,
): TryRequest {
  const instance = {
    taskId: taskId ?? "",
    tryNumber: tryNumber ?? 0,
    mapIndex: mapIndex ?? -1,
    item: null,
  };
  return tryRequest(instance, run, { inputs: {} });
}
