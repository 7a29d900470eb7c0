/**
 * Keeps a worker running. When one life of the worker ends by itself, the supervisor ends
 * its running tries and starts a new life.
 */
import { Loop } from "../service/loop.ts";
import { replaceConnectionsOf } from "../service/replace_connections.ts";
import { watch } from "../service/watchdog.ts";
import { whileServerReturns } from "../store/database/connection_loss.ts";
import { Worker, type WorkerOptions } from "./worker.ts";

export interface WorkerService {
  /** The id of the current life. */
  readonly id: string;
  /** The tries that it holds now. */
  readonly tries: number;
  /** Its background jobs. */
  loops(): readonly Loop[];
  /** Lets running tries finish for a while, then stops. Idempotent. */
  stop(): Promise<void>;
}

/** Pause between two attempts to start a new life. */
const RESTART_EVERY_MS = 1_000;

/**
 * Waits for a database that goes away meanwhile, as a worker that runs.
 * @throws Error when the first life cannot start for another reason
 */
export async function startWorker(options: WorkerOptions): Promise<WorkerService> {
  const supervisor = new Supervisor(options);
  await supervisor.start();
  return supervisor;
}

class Supervisor implements WorkerService {
  readonly #options: WorkerOptions;
  readonly #loop: Loop;
  #id = "";
  #life: Worker | undefined;
  /** A life that ended by itself and is not cleaned up yet. */
  #dead: Worker | undefined;
  #watchdog: Loop | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#loop = new Loop(
      {
        name: "restart_worker",
        everyMs: RESTART_EVERY_MS,
        runOnce: () => this.#restart(),
      },
      options.log,
    );
  }

  get id(): string {
    return this.#id;
  }

  get tries(): number {
    return this.#life?.tries ?? 0;
  }

  loops(): readonly Loop[] {
    return [this.#loop, ...(this.#life?.loops ?? [])];
  }

  async start(): Promise<void> {
    await whileServerReturns(() => this.#begin(), this.#options.db.wait);
    this.#loop.start();
    const loops = (): readonly Loop[] => this.loops();
    const { db, log } = this.#options;
    this.#watchdog = watch(loops, { log, onLate: replaceConnectionsOf(db, log) });
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await this.#watchdog?.stop();
    await this.#loop.stop();
    await this.#dead?.abandon().catch(() => undefined);
    await this.#life?.stop();
  }

  /** @returns 1 when a new life started; 0 when none was needed */
  async #restart(): Promise<number> {
    if (this.#life) return 0;
    await this.#dead?.abandon().catch(() => undefined);
    this.#dead = undefined;
    await this.#begin();
    return 1;
  }

  async #begin(): Promise<void> {
    const died = Promise.withResolvers<string>();
    const life = new Worker(this.#options, died.resolve);
    try {
      await life.start();
    } catch (error) {
      // A life that started only in part would hold queue jobs that it does not run.
      await life.abandon().catch(() => undefined);
      throw error;
    }
    this.#life = life;
    this.#id = life.id;
    // A promise, because a life may report its death several times, and before its start
    // has finished. It never rejects.
    void died.promise.then((reason) => this.#onDeath(life, reason));
  }

  #onDeath(life: Worker, reason: string): void {
    if (this.#stopping) return;
    this.#options.log("worker_restarted", { worker: life.id, reason });
    this.#life = undefined;
    this.#dead = life;
    this.#loop.wake();
  }
}
