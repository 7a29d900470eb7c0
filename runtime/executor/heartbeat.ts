/**
 * A worker's heartbeat: a session that holds a lock named after the worker, and a
 * statement every two seconds over that session. The answer lists tries that no longer
 * belong to this worker. Every step has a time-out well below the silence after which a
 * worker is declared lost: over a connection that fell silent the worker would never
 * learn that others run its tries. A session that did not answer stays open until another
 * session has its lock: without the lock, a worker whose heartbeat is late is declared
 * lost.
 */

import type { ServiceLog } from "../service/log.ts";
import { Loop } from "../service/loop.ts";
import type { TryRef } from "../state/task_state.ts";
import { within } from "../store/database/answer_limit.ts";
import type { Database } from "../store/database/database.ts";
import { breakSession, type Session } from "../store/database/pool.ts";
import { HEARTBEAT, HEARTBEAT_EVERY_MS, HELD_TRIES, TAKE_LOCK } from "../store/fleet/worker.ts";

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
  /** The names of the loops that are late now. */
  readonly lateLoops: () => readonly string[];
  readonly log: ServiceLog;
}

/** Longest wait for a connection and for each answer, in milliseconds. */
const ANSWER_MS = 3_000;

/** A server that comes and goes may be up for a moment only. */
const RETRY = { firstMs: 250, longestMs: HEARTBEAT_EVERY_MS };

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly loop: Loop;
  #session: Session | undefined;
  /** Whether the session failed: the next heartbeat takes another. */
  #hasFailed = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.loop = new Loop(
      {
        name: "worker_heartbeat",
        everyMs: HEARTBEAT_EVERY_MS,
        staggerMs: HEARTBEAT_EVERY_MS,
        retry: RETRY,
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
      const session = (this.#hasFailed ? undefined : this.#session) ?? (await this.#connect());
      at("waiting for the answer to a heartbeat");
      const { alive, taken } = await this.#ask(session);
      if (alive === 0) this.#options.onLost();
      else if (taken.length > 0) this.#options.onTaken(taken);
      return taken.length;
    } catch (error) {
      // The server is away or silent: the next heartbeat connects again.
      this.#hasFailed = true;
      throw error;
    }
  }

  async #ask(session: Session): Promise<{ readonly alive: number; readonly taken: number[] }> {
    const { workerId, lateLoops, running } = this.#options;
    const { rows } = await within(
      ANSWER_MS,
      "a heartbeat",
      session.query<{ alive: number; taken: number[] }>({
        ...HEARTBEAT,
        values: [workerId, lateLoops(), ...HELD_TRIES.values(running())],
      }),
    );
    return rows[0] ?? { alive: 1, taken: [] };
  }

  async #connect(): Promise<Session> {
    const session = await this.#options.db.session(ANSWER_MS);
    try {
      const values = [this.#options.workerId];
      await within(ANSWER_MS, "its lock", session.query({ ...TAKE_LOCK, values }));
    } catch (error) {
      breakSession(session);
      throw error;
    }
    if (this.#session) breakSession(this.#session);
    this.#session = session;
    this.#hasFailed = false;
    return session;
  }

  async #disconnect(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (this.#hasFailed && session) breakSession(session);
    else await session?.end().catch(() => undefined);
  }
}
