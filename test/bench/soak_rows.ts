/**
 * Whether a worker keeps its memory: it runs wide runs for `--minutes=N`, and its memory
 * is measured after each of them. The slope is that of the line through the second half.
 */
import { memorySlope } from "./memory_slope.ts";
import { atMost, type Row } from "./row.ts";
import { openStand } from "./stand.ts";

const SLOTS = 16;
const WIDTH = 500;
const MINUTE_MS = 60_000;

const WIDE = `
import { dag } from "dagsmith";
const d = dag("wide");
d.task("item", { each: Array.from({ length: ${WIDTH} }, (_, index) => index) }, async ({ item, log }) => {
  log.info("item", item);
  return item;
});
export default d;
`;

export async function soakRows(minutes: number): Promise<readonly Row[]> {
  await using stand = await openStand();
  await stand.deploy(WIDE);
  const worker = await stand.startWorker(SLOTS);
  const points: { readonly atMs: number; readonly bytes: number }[] = [];
  const startedAt = performance.now();
  let runs = 0;
  try {
    while (performance.now() - startedAt < minutes * MINUTE_MS) {
      await stand.run("wide");
      runs += 1;
      globalThis.gc?.();
      const { heapUsed: heap, external } = process.memoryUsage();
      points.push({ atMs: performance.now() - startedAt, bytes: heap + external });
    }
  } finally {
    await worker.stop();
  }
  const slope = memorySlope(points.slice(Math.floor(points.length / 2)));
  const note = `${runs} runs of ${WIDTH} tasks in ${minutes} minutes`;
  return [atMost("growth of a worker's memory under load", slope, "MB an hour", 1, note)];
}
