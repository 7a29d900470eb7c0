/**
 * Says which loop has not come round. A statement without an answer, or a connection that a network
 * device dropped, raises no error: the loop that waits for it is silent, and its work stands still.
 */
import type { ServiceLog } from "./log.ts";
import { Loop } from "./loop.ts";

export interface WatchOptions {
  readonly log: ServiceLog;
  /** A loop is late when its pass takes longer than this, or begins later. Default 30 s. */
  readonly thresholdMs?: number;
  /** Milliseconds between two looks. Default 5 s. */
  readonly everyMs?: number;
  /** Called once when a loop becomes late; a service may replace what the loop hangs on. */
  readonly onLate?: (loop: Loop) => void;
}

const THRESHOLD_MS = 30_000;
const EVERY_MS = 5_000;

/** The loops that have not come round for longer than a threshold, in milliseconds. */
export function late(loops: Iterable<Loop>, thresholdMs: number = THRESHOLD_MS): readonly Loop[] {
  return Array.from(loops).filter((loop) => loop.lateMs > thresholdMs);
}

/**
 * Watches loops: one line when a loop is late, with the step at which it hangs, and one when it is back.
 * @param loops asked at each look, so that loops may come and go
 * @returns the started loop that watches; stop it before the others
 */
export function watch(loops: () => Iterable<Loop>, options: WatchOptions): Loop {
  const { log, thresholdMs = THRESHOLD_MS, everyMs = EVERY_MS, onLate } = options;
  const known = new Set<Loop>();
  const look = async (): Promise<number> => {
    const now = late(loops(), thresholdMs);
    const fresh = now.filter((loop) => !known.has(loop));
    for (const loop of fresh) {
      known.add(loop);
      log("loop is late", { loop: loop.name, doing: loop.doing, seconds: seconds(loop.lateMs) });
      onLate?.(loop);
    }
    for (const loop of known) {
      if (now.includes(loop)) continue;
      known.delete(loop);
      log("loop is back", { loop: loop.name });
    }
    return fresh.length;
  };
  const watchdog = new Loop({ name: "watchdog", everyMs, staggerMs: everyMs, runOnce: look }, log);
  watchdog.start();
  return watchdog;
}

function seconds(ms: number): number {
  return Math.round(ms / 1_000);
}
