/**
 * The figures of the capacity model, one by one: `npm run bench -- costs --minutes=3`.
 * Real services first idle, then run 70 DAGs of one task each minute, then 70 DAGs of ten
 * tasks, for so many minutes each.
 */
import { COSTS, type Counted, type Load, solved } from "./capacity.ts";
import { countedLoad } from "./counted_load.ts";
import { startFleet } from "./fleet.ts";
import { atMost, type Row } from "./row.ts";
import { type CountName, NAMES } from "./server_counts.ts";
import { openStand } from "./stand.ts";

const FLEET = { schedulers: 2, workers: Array.from({ length: 4 }, () => ["--slots", "2"]) };
const SERVICES = 6;
const DAGS = 70;
/** A figure may be so much above that of the model. */
const TOLERANCE = 1.25;
const UNITS: Readonly<Record<keyof Load, string>> = {
  runs: "run",
  instances: "task instance",
  serviceSeconds: "second of a service",
};

const NOTHING = `
import { dag } from "dagsmith";
const d = dag("nothing");
d.task("work", async () => {});
export default d;
`;

const fileOf = (tasks: number): string => `
import { chain, cronTrigger, dag } from "dagsmith";
const work = async () => {};
export default Array.from({ length: ${DAGS} }, (_, n) => {
  const schedule = cronTrigger("* * * * *");
  const d = dag("${tasks}_tasks_" + n, { schedule, startDate: "2026-01-01", catchup: "none" });
  const first = d.task("first", work);
  for (let task = 1; task < ${tasks}; task++) chain(first, d.task("task_" + task, work));
  return d;
});
`;

export async function costsRows(minutes: number): Promise<readonly Row[]> {
  const [idle, few, many] = [NOTHING, fileOf(1), fileOf(10)];
  const costs = solved(
    await counted(idle, minutes),
    await counted(few, minutes),
    await counted(many, minutes),
  );
  return (Object.keys(UNITS) as (keyof Load)[]).flatMap((unit) =>
    NAMES.map((name) => row(unit, name, costs[unit][name])),
  );
}

async function counted(file: string, minutes: number): Promise<Counted> {
  await using stand = await openStand();
  await stand.deploy(file);
  await using _fleet = await startFleet(stand, FLEET);
  return await countedLoad(stand, SERVICES, minutes);
}

function row(unit: keyof Load, name: CountName, cost: number): Row {
  return atMost(`${name} of a ${UNITS[unit]}`, cost, "", COSTS[unit][name] * TOLERANCE);
}
