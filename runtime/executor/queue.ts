/**
 * The only file that talks to graphile-worker: its schema, and the runner that hands out
 * jobs.
 */
import { EventEmitter } from "node:events";
import { Logger, type Runner, run, runMigrations, type WorkerEvents } from "graphile-worker";
import { DEFAULT_QUEUE } from "../../sdk/spec/index.ts";
import type { Database } from "../store/database/database.ts";
import { reconnectingPool } from "../store/database/reconnecting_pool.ts";
import { CALLBACK_JOB } from "../store/waits/callback.ts";

/** The content of a job: look at this task instance, at this try. */
interface TaskJob {
  readonly ti: number;
  readonly try: number;
}

const QUEUE_SCHEMA = "dagsmith_queue";
/**
 * The type of the jobs of one queue of workers; `runtime/store/fleet/enqueue.ts` writes
 * the same text.
 */
const kindOf = (queue: string): string =>
  queue === DEFAULT_QUEUE ? "run_task" : `run_task:${queue}`;

/** Jobs that one fetch takes at least: a fetch costs the server as much as many jobs. */
const FETCHED_AHEAD = 32;
/**
 * The longest time that a fetched job may wait for a slot. After it, other workers may
 * fetch the job, so it is short: a worker with few slots fetches many jobs.
 */
const LOCAL_TTL_MS = 100;

/** Creates or upgrades the queue's own tables. */
export async function migrateQueue(db: Database): Promise<void> {
  await runMigrations({ pgPool: db.pool, schema: QUEUE_SCHEMA, logger: quiet() });
}

export interface Queue {
  /** The id under which the queue's locks are held. */
  readonly poolId: string;
  /** Stops fetching, and waits for the running jobs. Idempotent. */
  stop(): Promise<void>;
}

export interface QueueOptions {
  readonly db: Database;
  /** Jobs that run at the same time. */
  readonly slots: number;
  /** The queues whose jobs it hands out. */
  readonly queues: readonly string[];
  /**
   * Resolves when the job is done. When it rejects, the queue delivers the job again
   * later.
   */
  readonly handle: (token: TaskJob) => Promise<void>;
  /** Runs a callback. Every worker runs callbacks, whatever queues it serves. */
  readonly handleCallback: (id: number) => Promise<void>;
  /** Called when the queue stops by itself. */
  readonly onDeath: (error: Error) => void;
}

/** Starts to hand out jobs. */
export async function startQueue(options: QueueOptions): Promise<Queue> {
  const events = new EventEmitter() as WorkerEvents;
  const created = Promise.withResolvers<string>();
  events.once("pool:create", ({ workerPool }) => created.resolve(workerPool.id));
  const runner = await run({
    pgPool: reconnectingPool(options.db),
    schema: QUEUE_SCHEMA,
    events,
    logger: quiet(),
    noHandleSignals: true,
    parsedCronItems: [],
    taskList: {
      ...Object.fromEntries(
        options.queues.map((queue) => [
          kindOf(queue),
          (payload: unknown) => options.handle(payload as TaskJob),
        ]),
      ),
      [CALLBACK_JOB]: (payload: unknown) =>
        options.handleCallback((payload as { readonly callback: number }).callback),
    },
    preset: {
      worker: {
        concurrentJobs: options.slots,
        pollInterval: 1_000,
        // One statement fetches jobs for all slots, and one statement completes many
        // jobs. A job is completed only after its outcome is stored.
        localQueue: { size: Math.max(FETCHED_AHEAD, options.slots * 2), ttl: LOCAL_TTL_MS },
        completeJobBatchDelay: 10,
        failJobBatchDelay: 0,
      },
    },
  });
  return { poolId: await created.promise, stop: stopper(runner, options.onDeath) };
}

function stopper(runner: Runner, onDeath: (error: Error) => void): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  // When the promise of a runner ends without a call of stop, it has died, even without
  // an error.
  runner.promise.then(
    () => stopping ?? onDeath(new Error("the queue stopped by itself")),
    (error: Error) => stopping ?? onDeath(error),
  );
  return () => {
    stopping ??= runner.stop().catch(() => undefined);
    return stopping;
  };
}

/** Writes the messages of the queue to our own log, in our own words. */
function quiet(): Logger {
  return new Logger(() => () => undefined);
}
