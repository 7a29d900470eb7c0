/**
 * Whether the capacity model of docs/scale.md holds: `npm run bench -- hour --minutes=60`
 * deploys its 10,000 DAGs, lets real services run them by their schedules at the rate of
 * 100,000 runs a day, and compares what the server counted with the model.
 */
import { type Counted, modelled } from "./capacity.ts";
import { countedLoad } from "./counted_load.ts";
import { startFleet } from "./fleet.ts";
import { atMost, type Row } from "./row.ts";
import { NAMES } from "./server_counts.ts";
import { openStand } from "./stand.ts";

/** One file with all DAGs would need more memory than an import may take. */
const FILES = 4;
const DAGS_PER_FILE = 2_500;
/**
 * The tasks of each file have a worker of their own: its task processes then keep the
 * code of that file.
 */
const FLEET = {
  schedulers: 2,
  workers: Array.from({ length: FILES }, (_, file) => ["--slots", "2", "--queues", `file_${file}`]),
};
const SERVICES = 6;
/** The model is good enough for plans when it is not further off. */
const TOLERANCE = 1.25;

/**
 * The DAG number n runs at its minute of ten hours of the day: 69 or 70 runs each minute.
 * Its ten tasks are one that loads, six that transform, a check, and two reports.
 */
const fileOf = (file: number): string => `
import { chain, cronTrigger, dag } from "dagsmith";
const work = async () => {};
const hoursOf = (n) => Array.from({ length: 10 }, (_, at) => (n + 2 * at + (at > 4 ? 1 : 0)) % 24);
export default Array.from({ length: ${DAGS_PER_FILE} }, (_, at) => {
  const n = ${file * DAGS_PER_FILE} + at;
  const schedule = cronTrigger(n % 60 + " " + hoursOf(Math.floor(n / 60)).join(",") + " * * *");
  const d = dag("dag_" + n, { schedule, startDate: "2026-01-01", catchup: "none", defaults: { queue: "file_${file}" } });
  const load = d.task("load", work);
  const check = d.task("check", work);
  for (let part = 0; part < 6; part++) chain(load, d.task("transform_" + part, work), check);
  chain(check, [d.task("report", work), d.task("publish", work)]);
  return d;
});
`;

export async function hourRows(minutes: number): Promise<readonly Row[]> {
  await using stand = await openStand();
  await stand.deploy(...Array.from({ length: FILES }, (_, file) => fileOf(file)));
  await using _fleet = await startFleet(stand, FLEET);
  return comparison(await countedLoad(stand, SERVICES, minutes));
}

function comparison({ load, counts }: Counted): readonly Row[] {
  const model = modelled(load);
  const note = `${load.runs} runs, ${load.instances} task instances`;
  return NAMES.map((name) => {
    const figures = `${note}, ${counts[name].toFixed(0)} measured, ${model[name].toFixed(0)} by the model`;
    return atMost(
      `${name}, measured over the model`,
      counts[name] / model[name],
      "x",
      TOLERANCE,
      figures,
    );
  });
}
