/** The only door to graphile-worker: its schema, and the runner that hands out wake-up tokens. */
import { EventEmitter } from "node:events";
import { Logger, type Runner, run, runMigrations, type WorkerEvents } from "graphile-worker";
import { DEFAULT_QUEUE } from "../../sdk/spec/index.ts";
import type { Database } from "../store/database/database.ts";
import { reconnectingPool } from "../store/database/reconnecting_pool.ts";
import { CALLBACK_JOB } from "../store/waits/callback.ts";

/** "Look at this task instance, at this try." */
interface TaskJob {
  readonly ti: number;
  readonly try: number;
}

const QUEUE_SCHEMA = "dagsmith_queue";
/** The kind of job that stands for a queue of workers; `runtime/store/fleet/enqueue.ts` writes the same. */
const kindOf = (queue: string): string =>
  queue === DEFAULT_QUEUE ? "run_task" : `run_task:${queue}`;

/** The longest a fetched token may wait for a slot before others may have it. */
const LOCAL_TTL_MS = 500;

/** Creates or upgrades the queue's own tables. */
export async function migrateQueue(db: Database): Promise<void> {
  await runMigrations({ pgPool: db.pool, schema: QUEUE_SCHEMA, logger: quiet() });
}

export interface Queue {
  /** What the queue's locks are held under. */
  readonly poolId: string;
  /** Stops fetching, waits for the tokens in hand. Idempotent. */
  stop(): Promise<void>;
}

export interface QueueOptions {
  readonly db: Database;
  /** Tokens in hand at once. */
  readonly slots: number;
  /** The queues whose tokens it hands out. */
  readonly queues: readonly string[];
  /** Resolves when the token needs no more attention; a rejection brings it back later. */
  readonly handle: (token: TaskJob) => Promise<void>;
  /** Runs a callback; whatever queues a worker serves, it serves these. */
  readonly handleCallback: (id: number) => Promise<void>;
  /** Called when the queue stops without having been asked to. */
  readonly onDeath: (error: Error) => void;
}

/** Starts handing out tokens. */
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
        // One statement fetches for all slots, and one ends many tokens. A token is ended only after its outcome is stored.
        localQueue: { size: options.slots * 2, ttl: LOCAL_TTL_MS },
        completeJobBatchDelay: 10,
        failJobBatchDelay: 0,
      },
    },
  });
  return { poolId: await created.promise, stop: stopper(runner, options.onDeath) };
}

function stopper(runner: Runner, onDeath: (error: Error) => void): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  // A runner whose promise ends unasked has died, even when it says nothing.
  runner.promise.then(
    () => stopping ?? onDeath(new Error("the queue stopped by itself")),
    (error: Error) => stopping ?? onDeath(error),
  );
  return () => {
    stopping ??= runner.stop().catch(() => undefined);
    return stopping;
  };
}

/** What the queue has to say is said by our own log, in our own words. */
function quiet(): Logger {
  return new Logger(() => () => undefined);
}
