/**
 * A worker's sign of life: a session that holds a lock named after the worker, and a beat every two seconds over that session. Each beat
 * also asks which of the worker's tries are no longer its own.
 */
import type { TryRef } from "../state/task_state.ts";
import type { Database, Session } from "../store/database/database.ts";
import { BEAT, BEAT_EVERY_MS } from "../store/fleet/worker.ts";

export interface HeartbeatOptions {
  readonly db: Database;
  readonly workerId: string;
  /** The tries in hand. */
  readonly running: () => readonly TryRef[];
  /** Called with instances that were cancelled, or given to another worker. */
  readonly onTaken: (instanceIds: readonly number[]) => void;
  /** Called at each beat since this worker was declared lost: nothing it does counts any more. */
  readonly onLost: () => void;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #session: Session | undefined;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Takes the lock and begins to beat. */
  async start(): Promise<void> {
    await this.#connect();
    this.#schedule();
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#beating;
    await this.#session?.end().catch(() => undefined);
    this.#session = undefined;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#beating = this.#beat().finally(() => this.#schedule());
    }, BEAT_EVERY_MS);
  }

  async #beat(): Promise<void> {
    try {
      const session = this.#session ?? (await this.#connect());
      const running = this.#options.running();
      const { rows } = await session.query<{ alive: number; taken: number[] }>({
        ...BEAT,
        values: [
          this.#options.workerId,
          running.map((ref) => ref.instanceId),
          running.map((ref) => ref.tryNumber),
        ],
      });
      const [beat] = rows;
      if (beat?.alive === 0) this.#options.onLost();
      else if (beat && beat.taken.length > 0) this.#options.onTaken(beat.taken);
    } catch {
      // The server is away: the next beat connects anew.
      this.#session?.end().catch(() => undefined);
      this.#session = undefined;
    }
  }

  async #connect(): Promise<Session> {
    const session = await this.#options.db.session();
    await session.query("select pg_advisory_lock(hashtextextended($1, 0))", [
      this.#options.workerId,
    ]);
    this.#session = session;
    return session;
  }
}
