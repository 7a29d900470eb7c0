/** graphile-worker by itself, on the same database in the same run: the yardstick. */
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import { Pool } from "pg";
import type { Database } from "../../runtime/store/database/database.ts";
import { median } from "./row.ts";

const JOBS = 3_000;
const LATENCY_SAMPLES = 100;

export interface Yardstick {
  /** No-op jobs a second, ten at once, unbatched. */
  readonly jobsPerSecond: number;
  /** Milliseconds from adding a job to its start, when idle; the middle one. */
  readonly addToStartMs: number;
}

export async function measureGraphile(db: Database): Promise<Yardstick> {
  const pgPool = new Pool({ connectionString: db.url, max: 12 });
  pgPool.on("error", () => undefined);
  const shared = { pgPool, schema: "yardstick", logger: new Logger(() => () => undefined) };
  const utils = await makeWorkerUtils(shared);
  await utils.migrate();
  await utils.addJobs(Array.from({ length: JOBS }, () => ({ identifier: "noop", payload: {} })));
  let left = JOBS;
  let started: () => void = () => undefined;
  const drained = Promise.withResolvers<void>();
  const startedAt = performance.now();
  const runner = await run({
    ...shared,
    noHandleSignals: true,
    concurrency: 10,
    parsedCronItems: [],
    taskList: {
      noop: () => {
        left -= 1;
        if (left === 0) drained.resolve();
      },
      ping: () => started(),
    },
  });
  await drained.promise;
  const jobsPerSecond = JOBS / ((performance.now() - startedAt) / 1_000);
  const samples: number[] = [];
  for (let sample = 0; sample < LATENCY_SAMPLES; sample++) {
    const arrived = new Promise<void>((resolve) => {
      started = resolve;
    });
    const addedAt = performance.now();
    await utils.addJob("ping", {});
    await arrived;
    samples.push(performance.now() - addedAt);
  }
  await runner.stop();
  await utils.release();
  await pgPool.end();
  return { jobsPerSecond, addToStartMs: median(samples) };
}
