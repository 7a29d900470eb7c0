/**
 * Which workers are silent, counted in checks that found the same heartbeat. No clock is
 * compared. While the server is away, takes no writes or restarts again and again, no
 * worker can have a heartbeat. And a clock that is set must neither declare a worker lost
 * nor keep a dead worker alive.
 */
import type { HeartbeatLook, SeenHeartbeat, SilentWorker } from "../store/fleet/lost_worker.ts";

/**
 * Checks, a second apart, that a worker without a session may be silent: a heartbeat and
 * a half.
 */
const SILENT_LOOKS = 3;
/** Checks after which any silent worker is dead. */
const DEAD_LOOKS = 12;

/**
 * Once the server takes writes again, workers have as long to come back as after a
 * restart.
 */
const FIRST_LOOK = SILENT_LOOKS - DEAD_LOOKS;

interface Counted {
  readonly heartbeat: string;
  readonly looks: number;
}

export class Silence {
  #counted: ReadonlyMap<string, Counted> = new Map();

  /** Takes note of a look at all workers. @returns those that have missed a heartbeat */
  look({ seen, isAfterRefusal }: HeartbeatLook): readonly SilentWorker[] {
    if (isAfterRefusal) this.#counted = new Map(seen.map((one) => [one.id, first(one)]));
    else this.#counted = new Map(seen.map((one) => [one.id, this.#count(one)]));
    return seen.flatMap((one) => {
      const looks = this.#counted.get(one.id)?.looks ?? 0;
      return looks >= SILENT_LOOKS ? [{ ...one, isDead: looks >= DEAD_LOOKS }] : [];
    });
  }

  #count({ id, heartbeat }: SeenHeartbeat): Counted {
    const before = this.#counted.get(id);
    return { heartbeat, looks: before?.heartbeat === heartbeat ? before.looks + 1 : 0 };
  }
}

const first = ({ heartbeat }: SeenHeartbeat): Counted => ({ heartbeat, looks: FIRST_LOOK });
