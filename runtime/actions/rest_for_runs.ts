/**
 * Leaves the server to the runs while history is deleted. Deleting at full speed took a third
 * of the throughput of the runs on a server of two cores.
 */
import { setTimeout } from "node:timers/promises";
import { RESTS } from "../retention.ts";
import type { Database } from "../store/database/database.ts";
import { isAnyRunning } from "../store/retention/running_runs.ts";

/**
 * Rests after each step while a run is active; when nothing runs, the steps follow each
 * other at once.
 */
export async function* restForRuns<Step>(
  db: Database,
  steps: AsyncIterable<Step>,
  rest: (ms: number) => Promise<unknown> = setTimeout,
): AsyncGenerator<Step> {
  let from = performance.now();
  for await (const step of steps) {
    const tookMs = performance.now() - from;
    yield step;
    if (await isAnyRunning(db)) await rest(RESTS * tookMs);
    from = performance.now();
  }
}
