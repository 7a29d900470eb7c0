/**
 * A worker's heartbeat: a session that holds a lock named after the worker, and a
 * statement every two seconds over that session. The answer lists tries that no longer
 * belong to this worker.
 */

import type { ServiceLog } from "../service/log.ts";
import { Loop } from "../service/loop.ts";
import type { TryRef } from "../state/task_state.ts";
import type { Database, Session } from "../store/database/database.ts";
import { HEARTBEAT, HEARTBEAT_EVERY_MS, HELD_TRIES } from "../store/fleet/worker.ts";

export interface HeartbeatOptions {
  readonly db: Database;
  readonly workerId: string;
  /** The tries that this worker runs. */
  readonly running: () => readonly TryRef[];
  /** Called with the instances that were cancelled, or given to another worker. */
  readonly onTaken: (instanceIds: readonly number[]) => void;
  /**
   * Called at each heartbeat after this worker was declared lost: its results are refused
   * from then on.
   */
  readonly onLost: () => void;
  readonly log: ServiceLog;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly loop: Loop;
  #session: Session | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.loop = new Loop(
      {
        name: "worker_heartbeat",
        everyMs: HEARTBEAT_EVERY_MS,
        staggerMs: HEARTBEAT_EVERY_MS,
        runOnce: ({ at }) => this.#beat(at),
      },
      options.log,
    );
  }

  /** Takes the lock and sends the first heartbeat. */
  async start(): Promise<void> {
    await this.#connect();
    this.loop.start();
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await this.loop.stop();
    await this.#disconnect();
  }

  /** @returns how many tries no longer belong to this worker */
  async #beat(at: (step: string) => void): Promise<number> {
    try {
      at("connecting");
      const session = this.#session ?? (await this.#connect());
      at("waiting for the answer to a heartbeat");
      const { alive, taken } = await this.#ask(session);
      if (alive === 0) this.#options.onLost();
      else if (taken.length > 0) this.#options.onTaken(taken);
      return taken.length;
    } catch (error) {
      // The server is away: the next heartbeat connects again. The end of a broken
      // session is not awaited.
      void this.#disconnect();
      throw error;
    }
  }

  async #ask(session: Session): Promise<{ readonly alive: number; readonly taken: number[] }> {
    const { rows } = await session.query<{ alive: number; taken: number[] }>({
      ...HEARTBEAT,
      values: [this.#options.workerId, ...HELD_TRIES.values(this.#options.running())],
    });
    return rows[0] ?? { alive: 1, taken: [] };
  }

  async #connect(): Promise<Session> {
    const session = await this.#options.db.session();
    await session.query("select pg_advisory_lock(hashtextextended($1, 0))", [
      this.#options.workerId,
    ]);
    this.#session = session;
    return session;
  }

  async #disconnect(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.end().catch(() => undefined);
  }
}
