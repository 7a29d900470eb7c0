/** Ten thousand open questions, and steps that sleep: what they cost while they wait. */
import { triggerRun } from "../../runtime/actions/index.ts";
import { startScheduler } from "../../runtime/scheduler/service.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import { familySeconds } from "./processor_time.ts";
import { atMost, type Row } from "./row.ts";
import { openStand } from "./stand.ts";

const QUESTIONS = 10_000;
const WATCHED_MS = 30_000;
const SLOTS = 16;

const QUESTION_DAG = `
import { dag } from "dagsmith";
const d = dag("questions");
d.ask("each", { each: Array.from({ length: ${QUESTIONS} }, (_, index) => index), subject: ({ item }) => \`\${item}?\`, options: ["yes", "no"], timeout: "7d" });
export default d;
`;

const SLEEP_DAG = `
import { dag } from "dagsmith";
const d = dag("sleeps");
d.task("each", { each: Array.from({ length: ${QUESTIONS} }, (_, index) => index) }, ({ step }) => step.sleep("long", "7d"));
export default d;
`;

/** What waits: a DAG, and how many of its tasks wait. */
interface Waiting {
  readonly dagId: string;
  readonly source: string;
  readonly counted: string;
  readonly name: string;
}

export async function questionRows(): Promise<readonly Row[]> {
  const asked: Waiting = {
    ...{ dagId: "questions", source: QUESTION_DAG, name: `${QUESTIONS} open questions` },
    counted: "select count(*)::int as n from dagsmith.question where state = 'open'",
  };
  const asleep: Waiting = {
    ...{ dagId: "sleeps", source: SLEEP_DAG, name: `${QUESTIONS} steps that sleep` },
    counted: "select count(*)::int as n from dagsmith.task_wait",
  };
  return [await waitingRow(asked), await waitingRow(asleep)];
}

async function waitingRow({ dagId, source, counted, name }: Waiting): Promise<Row> {
  await using stand = await openStand();
  await stand.deploy(source);
  const worker = await stand.startWorker(SLOTS);
  const scheduler = startScheduler({ db: stand.db, log: () => undefined });
  try {
    await triggerRun(stand.db, { dagId, actor: "bench" });
    await untilAllWait(stand.db, counted);
    const before = familySeconds(process.pid);
    await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
    const cores = (familySeconds(process.pid) - before) / (WATCHED_MS / 1_000);
    const what = `${name}: worker, scheduler and database while they wait`;
    return atMost(what, cores, "cores", 0.1, `over ${WATCHED_MS / 1_000} s`);
  } finally {
    await scheduler.stop();
    await worker.stop();
  }
}

async function untilAllWait(db: Database, counted: string): Promise<void> {
  for (;;) {
    const { rows } = await db.pool.query(counted);
    if (rows[0].n === QUESTIONS) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
