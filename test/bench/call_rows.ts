/**
 * A thousand called runs of a DAG of two tasks, and as many runs of such a DAG that the
 * scheduler creates: the processor time of each, in rounds. The thousand tries that call
 * are no part of the called runs: as many tries that call nothing are subtracted.
 */
import { unpauseDag } from "../../runtime/actions/index.ts";
import { startScheduler } from "../../runtime/scheduler/service.ts";
import { familySeconds } from "./processor_time.ts";
import { atMost, median, type Row } from "./row.ts";
import { openStand, type Stand } from "./stand.ts";

const RUNS = 1_000;
const ROUNDS = 3;
const SLOTS = 16;
const MOST_TIMES = 1.5;

const TASKS = `
const a = d.task("a", () => 1);
const b = d.task("b", { inputs: { a } }, ({ inputs }) => inputs.a + 1);`;
const CALLED = `
import { dag } from "dagsmith";
const d = dag("called", { maxActiveRuns: 100 });${TASKS}
export default d.output({ b });
`;
const CALLER = `
import { dag } from "dagsmith";
const d = dag("caller");
d.call("each", "called", { each: Array.from({ length: ${RUNS} }, (_, index) => index) });
export default d;
`;

const TRIES = `
import { dag } from "dagsmith";
const d = dag("tries");
d.task("each", { each: Array.from({ length: ${RUNS} }, (_, index) => index) }, () => 1);
export default d;
`;

/** It runs once for each minute of the past, as soon as it is no longer paused. */
const scheduled = (dagId: string): string => `
import { dag } from "dagsmith";
const d = dag("${dagId}", {
  ...{ schedule: "* * * * *", startDate: "2026-01-01T00:00:00Z", catchup: true },
  endDate: new Date(Date.UTC(2026, 0, 1, 0, ${RUNS - 1})).toISOString(),
  ...{ maxActiveRuns: 100, pausedAtCreation: true },
});${TASKS}
export default d;
`;

const ids = Array.from({ length: ROUNDS }, (_, round) => `scheduled_${round}`);

export async function callRows(): Promise<readonly Row[]> {
  await using stand = await openStand();
  await stand.deploy(CALLED, CALLER, TRIES, ...ids.map(scheduled));
  const worker = await stand.startWorker(SLOTS);
  const scheduler = startScheduler({ db: stand.db, log: () => undefined });
  try {
    const times: number[] = [];
    for (const dagId of ids) {
      const whole = await secondsOf(() => stand.run("caller"));
      const tries = await secondsOf(() => stand.run("tries"));
      times.push((whole - tries) / (await secondsOf(() => scheduledRuns(stand, dagId))));
    }
    const name = `${RUNS} called runs of two tasks: processor time over scheduled runs`;
    const note = `without the tries that call, the middle of ${ROUNDS} rounds`;
    return [atMost(name, median(times), "x", MOST_TIMES, note)];
  } finally {
    await scheduler.stop();
    await worker.stop();
  }
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const before = familySeconds(process.pid);
  await work();
  return familySeconds(process.pid) - before;
}

async function scheduledRuns({ db }: Stand, dagId: string): Promise<void> {
  await unpauseDag(db, { dagId, actor: "bench" });
  for (;;) {
    const [found] = await db.query<{ n: number }>(
      {
        name: "bench_ended",
        text: "select count(*)::int as n from dagsmith.dag_run where dag_id = $1 and state = 'success'",
      },
      [dagId],
    );
    if (found?.n === RUNS) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
