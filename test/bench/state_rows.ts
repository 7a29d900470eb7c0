/** What a state set asks of the database beyond what its try asks anyway. */
import { atMost, type Row } from "./row.ts";
import { openStand, type Stand } from "./stand.ts";
import { watchStatements } from "./statement_log.ts";

const TASKS = 500;
/** Ends of tries are written together, and how many differs from run to run. */
const NOISE = 0.05;

const dagOf = (id: string, body: string): string => `
import { dag } from "dagsmith";
const d = dag("${id}");
d.task("each", { each: Array.from({ length: ${TASKS} }, (_, index) => index) }, ${body});
export default d;
`;
const SET = dagOf("sets", "({ state, item }) => state.set(String(item), item)");
const PLAIN = dagOf("plain", "() => undefined");

export async function stateRows(): Promise<readonly Row[]> {
  await using stand = await openStand();
  await stand.deploy(SET, PLAIN);
  // One slot, so that the ends of tries are written one by one.
  const worker = await stand.startWorker(1);
  try {
    await statementsOf(stand, "plain");
    const plain = await statementsOf(stand, "plain");
    const sets = await statementsOf(stand, "sets");
    const more = (sets - plain) / TASKS;
    const name = "a state set: statements beyond those of its try";
    return [
      atMost(name, more, "statements", NOISE, `over ${TASKS} tasks; ${sets} and ${plain} in all`),
    ];
  } finally {
    await worker.stop();
  }
}

async function statementsOf(stand: Stand, dagId: string): Promise<number> {
  using watched = watchStatements();
  await stand.run(dagId);
  return watched.used().reduce((sum, { count }) => sum + count, 0);
}
