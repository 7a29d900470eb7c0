/**
 * The cost of a mapped group compared with plain mapped tasks: as many task instances, in
 * groups of three.
 */
import { atMost, type Row } from "./row.ts";
import { openStand } from "./stand.ts";

const ELEMENTS = 3_000;
const TASKS = 3;
const REPEATS = 3;

const DAGS = `
import { chain, dag } from "dagsmith";
const numbers = (length: number) => Array.from({ length }, (_, index) => index);
const plain = dag("plain");
plain.task("item", { each: numbers(${ELEMENTS * TASKS}) }, async () => {});
const grouped = dag("grouped");
grouped.group("g", { each: numbers(${ELEMENTS}) }, (g) => chain(...numbers(${TASKS}).map((index) => g.task("task_" + index, async () => {}))));
export default [plain, grouped];
`;

export async function groupRows(): Promise<readonly Row[]> {
  await using stand = await openStand();
  await stand.deploy(DAGS);
  const worker = await stand.startWorker(16);
  try {
    await stand.run("plain");
    // By turns, so that whatever else the machine does meets both.
    const runs: { readonly plain: number; readonly grouped: number }[] = [];
    for (let run = 0; run < REPEATS; run++)
      runs.push({ plain: (await stand.run("plain")).ms, grouped: (await stand.run("grouped")).ms });
    const plain = Math.min(...runs.map((run) => run.plain));
    const grouped = Math.min(...runs.map((run) => run.grouped));
    const each = (ms: number): string => `${((ms / (ELEMENTS * TASKS)) * 1_000).toFixed(0)} µs`;
    const note = `${each(grouped)} a task instance against ${each(plain)}`;
    return [
      atMost(
        `mapped group of ${TASKS} tasks over 3,000 elements: cost of a task instance`,
        grouped / plain,
        "x plain mapped",
        2,
        note,
      ),
    ];
  } finally {
    await worker.stop();
  }
}
