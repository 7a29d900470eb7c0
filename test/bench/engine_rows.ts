/** How fast tasks follow each other and how many run at once: rows 1 to 4. */
import { measureGraphile } from "./graphile.ts";
import { atLeast, atMost, median, type Row } from "./row.ts";
import { openStand, type Stand } from "./stand.ts";

const SLOTS = 16;
const REPEATS = 3;

const CHAINS = `
import { chain, dag } from "dagsmith";
const fibo = (n: number): number => (n < 2 ? n : fibo(n - 1) + fibo(n - 2));
const chained = (id: string, body: () => void) => {
  const d = dag(id);
  chain(...Array.from({ length: 40 }, (_, index) => d.task("task_" + index, async () => body())));
  return d;
};
export default [chained("hops", () => {}), chained("fibo", () => void fibo(10))];
`;

const WIDE = `
import { dag } from "dagsmith";
const wide = (width: number) => {
  const d = dag("wide_" + width);
  for (let i = 0; i < width; i++) d.task("task_" + i, async () => {});
  return d;
};
const mapped = (width: number) => {
  const d = dag("mapped_" + width);
  d.task("item", { each: Array.from({ length: width }, (_, index) => index) }, async () => {});
  return d;
};
export default [wide(1_000), wide(10_000), mapped(100), mapped(10_000)];
`;

export async function engineRows(): Promise<readonly Row[]> {
  await using stand = await openStand();
  await stand.deploy(CHAINS, WIDE);
  const yardstick = await measureGraphile(stand.db);
  const worker = await stand.startWorker(SLOTS);
  try {
    const cold = await stand.run("fibo");
    // Warm: the processes have loaded the bundle, and Node has compiled what runs often.
    await best(stand, "wide_10000", 2);
    const hop = await hopMs(stand);
    const [wide1k, wide10k] = [
      1_000 / (await best(stand, "wide_1000")),
      10_000 / (await best(stand, "wide_10000")),
    ].map((perMs) => perMs * 1_000);
    const [item100, item10k] = [
      (await best(stand, "mapped_100", 7)) / 100,
      (await best(stand, "mapped_10000")) / 10_000,
    ];
    const perSecond = `graphile-worker alone, unbatched: ${yardstick.jobsPerSecond.toFixed(0)} jobs/s`;
    return [
      atLeast(
        "1,000 no-op tasks side by side",
        (wide1k ?? 0) / yardstick.jobsPerSecond,
        "x graphile-worker",
        1,
        `then 2; ${wide1k?.toFixed(0)} tasks/s; ${perSecond}`,
      ),
      atLeast(
        "10,000 no-op tasks side by side",
        (wide10k ?? 0) / yardstick.jobsPerSecond,
        "x graphile-worker",
        1,
        `then 2; ${wide10k?.toFixed(0)} tasks/s`,
      ),
      atMost(
        "hop between chained tasks, p50, start to start",
        hop / yardstick.addToStartMs,
        "x add-to-start",
        4,
        `${hop.toFixed(2)} ms; add-to-start ${yardstick.addToStartMs.toFixed(2)} ms`,
      ),
      atMost("40 chained fibo(10), cold", cold.ms / 1_000, "s", 0.5),
      atMost(
        "mapped 10,000 ways: cost of an item",
        item10k / item100,
        "x the cost at 100",
        1.2,
        `${(item10k * 1_000).toFixed(0)} µs`,
      ),
    ];
  } finally {
    await worker.stop();
  }
}

/**
 * The shortest of some runs, in milliseconds: on a shared machine the least disturbed one
 * says most.
 */
async function best(stand: Stand, dagId: string, times = REPEATS): Promise<number> {
  const runs: number[] = [];
  for (let run = 0; run < times; run++) runs.push((await stand.run(dagId)).ms);
  return Math.min(...runs);
}

/**
 * From the start of a task to the start of the next, by the database's clock. The task in
 * between does nothing, so this is all that a task of a chain costs.
 */
async function hopMs(stand: Stand): Promise<number> {
  const hops: number[] = [];
  for (let run = 0; run < REPEATS; run++) {
    const { id } = await stand.run("hops");
    const rows = await stand.db.query<{ ms: string }>(
      {
        name: "bench_hops",
        text: "select extract(epoch from started_at - lag(started_at) over (order by id)) * 1000 as ms from dagsmith.task_instance where run_id = $1 offset 1",
      },
      [id],
    );
    hops.push(...rows.map(({ ms }) => Number(ms)));
  }
  return median(hops);
}
