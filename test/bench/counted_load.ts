/** Counts what scheduled runs cost the database, over some minutes. */
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../support/until.ts";
import type { Counted } from "./capacity.ts";
import { numberIn, perUnit, type Question, serverCounts } from "./server_counts.ts";
import type { Stand } from "./stand.ts";

const MINUTE_MS = 60_000;
/** Runs are due at the full minute, and have ended half a minute later. */
const QUIET_MS = 40_000;

const count = (name: string, from: string): Question => ({
  name: `bench_count_${name}`,
  text: `select count(*) as n from dagsmith.${from}`,
});
const RUNS = count("runs", "dag_run where state = 'success'");
const INSTANCES = count("instances", "task_instance where state = 'success'");
const ACTIVE = count("active", "dag_run where state in ('queued', 'running')");
const FAILED = count("failed", "dag_run where state = 'failed'");

/**
 * @param services how many of them run
 * @throws Error when a run failed
 */
export async function countedLoad(
  stand: Stand,
  services: number,
  minutes: number,
): Promise<Counted> {
  const before = await quietMoment(stand);
  await pause(minutes * MINUTE_MS - QUIET_MS);
  const after = await quietMoment(stand);
  const failed = await numberIn(stand.db, FAILED);
  if (failed > 0) throw new Error(`${failed} runs failed`);
  return {
    load: {
      runs: after.runs - before.runs,
      instances: after.instances - before.instances,
      serviceSeconds: (services * (after.atMs - before.atMs)) / 1_000,
    },
    counts: perUnit(before, after, 1),
  };
}

/** Within a minute, when its runs have ended. */
async function quietMoment({ db }: Stand) {
  await pause(MINUTE_MS - ((Date.now() - QUIET_MS) % MINUTE_MS));
  await until("the end of all runs", async () => (await numberIn(db, ACTIVE)) === 0);
  return {
    atMs: performance.now(),
    runs: await numberIn(db, RUNS),
    instances: await numberIn(db, INSTANCES),
    ...(await serverCounts(db)),
  };
}
