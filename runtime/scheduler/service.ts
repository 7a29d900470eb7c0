/**
 * The scheduler's loop: it only watches the clock, and what died. Between two tasks of a run it has no part; finished tasks carry their
 * runs forward themselves.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { nextDueInMs } from "../store/dag.ts";
import type { Database } from "../store/database.ts";
import { Plans } from "../store/plans.ts";
import { beatScheduler, removeScheduler } from "../store/scheduler.ts";
import { declareLost } from "../store/worker.ts";
import { tick } from "./tick.ts";

export interface SchedulerOptions {
  readonly db: Database;
  readonly log: (event: string, detail?: Readonly<Record<string, unknown>>) => void;
}

export interface SchedulerService {
  /** Finishes the tick in hand, then stops. Idempotent. */
  stop(): Promise<void>;
}

/** The longest sleep between two ticks: how soon a new deployment, an unpaused DAG or a dead worker is noticed. */
const LONGEST_SLEEP_MS = 1_000;

export async function startScheduler({ db, log }: SchedulerOptions): Promise<SchedulerService> {
  const id = `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
  const plans = new Plans();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const runOnce = async (): Promise<number> => {
    await beatScheduler(db, id);
    const { created } = await tick(db, plans);
    if (created > 0) log("runs created", { count: created });
    for (const worker of await declareLost(db)) log("worker lost", worker);
    return Math.min(LONGEST_SLEEP_MS, Math.max(0, (await nextDueInMs(db)) ?? LONGEST_SLEEP_MS));
  };
  const loop = async (): Promise<void> => {
    let sleepMs = LONGEST_SLEEP_MS;
    try {
      sleepMs = await runOnce();
    } catch (error) {
      log("scheduler tick failed", { reason: error instanceof Error ? error.message : String(error) });
    }
    if (!stopped) timer = setTimeout(() => void (looping = loop()), sleepMs);
  };
  let looping = loop();
  return {
    stop: async () => {
      if (stopped) return looping;
      stopped = true;
      clearTimeout(timer);
      await looping;
      await removeScheduler(db, id).catch(() => undefined);
    },
  };
}
