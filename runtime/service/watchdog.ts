/**
 * Reports loops that are late. A statement without an answer, or a connection that a
 * network device dropped, raises no error: the loop that waits for it is silent, and its
 * job does nothing.
 */
import type { ServiceLog } from "./log.ts";
import { Loop } from "./loop.ts";

export interface WatchOptions {
  readonly log: ServiceLog;
  /**
   * A loop is late when its pass takes longer than this, or starts later than this.
   * Default 30 s.
   */
  readonly thresholdMs?: number;
  /** Milliseconds between two checks. Default 5 s. */
  readonly everyMs?: number;
  /**
   * Called once with the loops that become late together; a service then replaces the
   * connections on which they hang.
   */
  readonly onLate?: (loops: readonly Loop[]) => void;
}

const THRESHOLD_MS = 30_000;
const EVERY_MS = 5_000;

/** The loops that are late by more than a threshold, in milliseconds. */
export function late(loops: Iterable<Loop>, thresholdMs: number = THRESHOLD_MS): readonly Loop[] {
  return Array.from(loops).filter((loop) => loop.lateMs > thresholdMs);
}

/**
 * Watches loops. It logs one line when loops become late, with the current step of each,
 * and one line when they are back.
 * @param loops called at each check, so that loops may be added and removed
 * @returns the started loop that watches; stop it before the others
 */
export function watch(loops: () => Iterable<Loop>, options: WatchOptions): Loop {
  const { log, thresholdMs = THRESHOLD_MS, everyMs = EVERY_MS, onLate } = options;
  let known: ReadonlySet<Loop> = new Set();
  const look = async (): Promise<number> => {
    const now = new Set(late(loops(), thresholdMs));
    const fresh = [...now].filter((loop) => !known.has(loop));
    const back = [...known].filter((loop) => !now.has(loop));
    known = now;
    if (fresh.length > 0) log("loops_late", { loops: fresh.map(stateOf).join(", ") });
    if (back.length > 0) log("loops_recovered", { loops: back.map(({ name }) => name).join(", ") });
    if (fresh.length > 0) onLate?.(fresh);
    return fresh.length;
  };
  const watchdog = new Loop({ name: "watchdog", everyMs, staggerMs: everyMs, runOnce: look }, log);
  watchdog.start();
  return watchdog;
}

/** `end_waits (running, 31 s)` */
function stateOf({ name, doing, lateMs }: Loop): string {
  return `${name} (${doing}, ${Math.round(lateMs / 1_000)} s)`;
}
