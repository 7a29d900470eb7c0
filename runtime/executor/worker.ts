/**
 * One life of a worker, under one id: its parts, its start and its end. It takes jobs
 * from the queue and gives them to its {@link TryRunner} and {@link CallbackRunner}. When
 * it is declared lost it ends, and a new life starts: see supervisor.ts.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { DEFAULT_QUEUE } from "../../sdk/spec/index.ts";
import type { ServiceLog } from "../service/log.ts";
import { Loop } from "../service/loop.ts";
import { late } from "../service/watchdog.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { registerWorker, removeWorker } from "../store/fleet/worker.ts";
import { RunSnapshotCache } from "../store/runs/run_snapshot.ts";
import type { Secrets, SpanListener } from "./attempt.ts";
import { BundleCache } from "./bundle_cache.ts";
import { CallbackRunner } from "./callback_runner.ts";
import { FileServer } from "./files/file_server.ts";
import { type FileLimits, FileStore } from "./files/file_store.ts";
import { FolderCache } from "./folder_cache.ts";
import { Heartbeat } from "./heartbeat.ts";
import { type Queue, startQueue } from "./queue.ts";
import { RunSecrets } from "./run_secrets.ts";
import { Scratch } from "./scratch.ts";
import { Spill, type SpillOptions } from "./spill.ts";
import { sweepFiles } from "./sweep_files.ts";
import { TaskPool } from "./task_pool.ts";
import type { TaskUser } from "./task_user.ts";
import { type TryListener, TryRunner } from "./try_runner.ts";
import { ValueStore } from "./value_store.ts";

export interface WorkerOptions {
  readonly db: Database;
  readonly secrets: Secrets;
  /** Tries at once. */
  readonly slots: number;
  /** The queues whose tasks it runs. Default: `default` alone. */
  readonly queues?: readonly string[];
  /** The folder of the project: where native addons are looked up. */
  readonly folder: string;
  /** The folder for bundles on this disk. */
  readonly cacheFolder: string;
  /**
   * The store of large values. Default: none, so that outputs have the limit of the
   * database.
   */
  readonly xcoms?: SpillOptions | undefined;
  /** Most bytes of a file, and of the files of a run. Default 8 GiB and 64 GiB. */
  readonly files?: FileLimits | undefined;
  /** The environment of task processes; must not contain the worker's own secrets. */
  readonly taskEnv: NodeJS.ProcessEnv;
  /** The user that task processes run as. Default: that of the worker. */
  readonly taskUser?: TaskUser | undefined;
  /**
   * How long running tries may take to finish when the worker is stopped. Default 10 s.
   */
  readonly graceMs?: number;
  /**
   * The address of the page, for links in messages. Default: none, so that there are no
   * links.
   */
  readonly baseUrl?: string | null;
  /** Most bytes of the log of a try. Default 64 MiB. */
  readonly logBytes?: number | undefined;
  /** Called with the bytes of each chunk of a log that was stored. */
  readonly onLogStored?: ((bytes: number) => void) | undefined;
  readonly onTryEnd?: TryListener | undefined;
  /** Takes the spans of tries. Default: traces are off. */
  readonly onSpan?: SpanListener | undefined;
  readonly log: ServiceLog;
}

const GIBIBYTE = 1024 ** 3;
const FILE_LIMITS: FileLimits = { fileBytes: 8 * GIBIBYTE, runBytes: 64 * GIBIBYTE };
const STOP_GRACE_MS = 10_000;
/** Blank processes that are started in advance. */
const WARM = 2;

export class Worker {
  readonly id = `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
  readonly #options: WorkerOptions;
  readonly #queues: readonly string[];
  readonly #processes: TaskPool;
  readonly #spill: Spill;
  readonly #folders: FolderCache;
  readonly #files: FileStore;
  readonly #fileServer: FileServer;
  readonly #tries: TryRunner;
  readonly #callbacks: CallbackRunner;
  readonly #heartbeat: Heartbeat;
  readonly #scratch: Scratch;
  readonly #sweep: Loop;
  readonly #registered = Promise.withResolvers<void>();
  readonly #onDeath: (reason: string) => void;
  #queue: Queue | undefined;
  /** Jobs of the queue under way, one for each slot in use. */
  #jobs = 0;
  #lost = false;

  /** @param onDeath called when this life ends by itself, perhaps more than once */
  constructor(options: WorkerOptions, onDeath: (reason: string) => void) {
    const { db, log, secrets, slots, folder, taskEnv: env } = options;
    const [plans, workerId] = [new Plans(), this.id];
    const snapshots = new RunSnapshotCache(plans, ({ params }) => secrets.learnParams(params));
    const bundles = new BundleCache(db, options.cacheFolder);
    const scratch = new Scratch(workerId, options.taskUser);
    const user = options.taskUser;
    const processes = new TaskPool(slots, { env, folder, bundles, scratch, user });
    const folders = new FolderCache(db, options.cacheFolder, workerId);
    const spill = new Spill(db, options.xcoms);
    const files = new FileStore(db, options.xcoms?.folder, options.files ?? FILE_LIMITS);
    const fileServer = new FileServer(files);
    const { logBytes, onLogStored } = options;
    const shared = {
      ...{ db, workerId, snapshots, processes, folders, logBytes, onLogStored },
      secrets: new RunSecrets(db, secrets),
    };
    this.#options = options;
    this.#queues = options.queues ?? [DEFAULT_QUEUE];
    this.#onDeath = onDeath;
    this.#processes = processes;
    this.#scratch = scratch;
    this.#spill = spill;
    this.#folders = folders;
    this.#files = files;
    this.#fileServer = fileServer;
    this.#sweep = new Loop(sweepFiles([scratch, spill, files]), log);
    this.#callbacks = new CallbackRunner({ ...shared, baseUrl: options.baseUrl ?? null });
    this.#tries = new TryRunner({
      ...{ ...shared, slots, plans, values: new ValueStore(db, spill), files: fileServer },
      queues: this.#queues,
      hasFreeSlot: () => this.#jobs < slots,
      onTryEnd: options.onTryEnd,
      onSpan: options.onSpan,
      isLost: () => this.#lost,
      onUnrecorded: onDeath,
    });
    this.#heartbeat = new Heartbeat({
      ...{ db, log, workerId },
      running: () => this.#tries.running(),
      lateLoops: () => late(this.loops).map(({ name }) => name),
      onTaken: (ids) => this.#tries.interruptTaken(ids),
      onLost: () => {
        this.#lost = true;
        onDeath("it was declared lost: its heartbeat did not reach the database");
      },
    });
    // Only queue jobs wait for it, and there may be none.
    this.#registered.promise.catch(() => undefined);
  }

  /** The tries that it holds now. */
  get tries(): number {
    return this.#tries.size;
  }

  /** For a watchdog. */
  get loops(): readonly Loop[] {
    return [this.#heartbeat.loop, this.#sweep];
  }

  /** Starts to take jobs. */
  async start(): Promise<void> {
    await this.#scratch.sweep();
    const warmed = this.#processes.warm(WARM);
    const queue = await this.#startQueue();
    this.#queue = queue;
    await this.#heartbeat.start();
    await this.#register(queue);
    this.#registered.resolve();
    this.#sweep.start();
    await warmed;
  }

  /**
   * Takes no more jobs, lets running tries finish for a while, then ends them as lost.
   * Leaves no process behind. Idempotent.
   */
  async stop(): Promise<void> {
    const interrupt = (): void => this.#interruptAll("stopping");
    const grace = setTimeout(interrupt, this.#options.graceMs ?? STOP_GRACE_MS);
    this.#tries.takeNoMore();
    await this.#queue?.stop();
    await this.#tries.drained();
    clearTimeout(grace);
    await this.#heartbeat.stop();
    const swept = this.#sweep.stop();
    this.#spill.close();
    this.#files.close();
    await swept;
    await this.#processes.stop();
    await this.#scratch.close();
    await this.#fileServer.stop();
    await this.#folders.close();
    if (!this.#lost) await removeWorker(this.#options.db, this.id);
  }

  /**
   * Ends at once. The running tries end as lost: the end of their worker must not use up
   * their retries.
   */
  async abandon(): Promise<void> {
    this.#lost = true;
    this.#registered.reject(new Error("the worker ended before it had begun"));
    this.#interruptAll("ended");
    await this.#processes.stop();
    await this.stop();
  }

  /**
   * A job that arrives before the worker is registered waits: the tries of an unknown
   * worker could not be rescued.
   */
  #startQueue(): Promise<Queue> {
    const { db, slots } = this.#options;
    return startQueue({
      ...{ db, slots, queues: this.#queues },
      handle: ({ ti: instanceId, try: tryNumber }) =>
        this.#inSlot(() => this.#tries.handle({ instanceId, tryNumber })),
      handleCallback: (id) => this.#inSlot(() => this.#callbacks.handle(id)),
      onDeath: (error) => this.#onDeath(error.message),
    });
  }

  /** Does the work of a job, in one of the slots. */
  async #inSlot(work: () => Promise<void>): Promise<void> {
    this.#jobs += 1;
    try {
      await this.#registered.promise;
      await work();
    } finally {
      this.#jobs -= 1;
    }
  }

  async #register({ poolId }: Queue): Promise<void> {
    const { db, slots } = this.#options;
    const [host, { pid }] = [hostname(), process];
    const { sessionName } = db;
    await registerWorker(db, {
      ...{ id: this.id, poolId, hostname: host, pid, sessionName, slots },
      queues: this.#queues,
    });
  }

  #interruptAll(why: "stopping" | "ended"): void {
    this.#callbacks.interrupt();
    this.#tries.interruptAll(why);
  }
}
