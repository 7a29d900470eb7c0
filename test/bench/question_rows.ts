/** Ten thousand open questions: what they cost while people think. */
import { triggerRun } from "../../runtime/actions/index.ts";
import { startScheduler } from "../../runtime/scheduler/service.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import { familySeconds } from "./processor_time.ts";
import { atMost, type Row } from "./row.ts";
import { openStand } from "./stand.ts";

const QUESTIONS = 10_000;
const WATCHED_MS = 30_000;
const SLOTS = 16;

const DAG = `
import { dag } from "dagsmith";
const d = dag("questions");
d.ask("each", { each: Array.from({ length: ${QUESTIONS} }, (_, index) => index), subject: ({ item }) => \`\${item}?\`, options: ["yes", "no"], timeout: "7d" });
export default d;
`;

export async function questionRows(): Promise<readonly Row[]> {
  await using stand = await openStand();
  await stand.deploy(DAG);
  const worker = await stand.startWorker(SLOTS);
  const scheduler = startScheduler({ db: stand.db, log: () => undefined });
  try {
    await triggerRun(stand.db, { dagId: "questions", actor: "bench" });
    await untilOpen(stand.db);
    const before = familySeconds(process.pid);
    await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
    const cores = (familySeconds(process.pid) - before) / (WATCHED_MS / 1_000);
    const name = `${QUESTIONS} open questions: worker, scheduler and database while they are open`;
    return [atMost(name, cores, "cores", 0.1, `over ${WATCHED_MS / 1_000} s`)];
  } finally {
    await scheduler.stop();
    await worker.stop();
  }
}

async function untilOpen(db: Database): Promise<void> {
  for (;;) {
    const { rows } = await db.pool.query(
      "select count(*)::int as n from dagsmith.question where state = 'open'",
    );
    if (rows[0].n === QUESTIONS) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
