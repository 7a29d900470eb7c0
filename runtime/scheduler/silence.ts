/**
 * Which workers are silent, counted in looks that found the same heartbeat. No clock is compared: a server
 * that was away or restarts again and again could have no heartbeat meanwhile, and a clock that people set
 * must not declare anybody lost, or keep a dead worker alive.
 */
import type { SeenHeartbeat, SilentWorker } from "../store/fleet/lost_worker.ts";

/** Looks, a second apart, that a worker without a session may be silent: a heartbeat and a half. */
const SILENT_LOOKS = 3;
/** Looks after which any silent worker is dead. */
const DEAD_LOOKS = 12;

interface Counted {
  readonly heartbeat: string;
  readonly looks: number;
}

export class Silence {
  #counted: ReadonlyMap<string, Counted> = new Map();

  /** Takes note of a look at all workers. @returns those that have missed a heartbeat */
  look(seen: readonly SeenHeartbeat[]): readonly SilentWorker[] {
    this.#counted = new Map(seen.map((one) => [one.id, this.#count(one)]));
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
