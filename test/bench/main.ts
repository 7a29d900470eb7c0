/**
 * `npm run bench [-- --json] [-- name…] [-- --instances=N] [-- --megabytes=N]
 * [-- --minutes=N] [-- --workers=N]`: how fast dagsmith is on this machine, and what it
 * costs, with graphile-worker's own figures taken in the same run. Ratios are what counts;
 * the machine may be busy.
 */
import { bundlerRows } from "./bundler.bench.ts";
import { callRows } from "./call_rows.ts";
import { catchupRows } from "./catchup_rows.ts";
import { cleanRows } from "./clean_rows.ts";
import { costsRows } from "./costs_rows.ts";
import { deployRows } from "./deploy_rows.ts";
import { engineRows } from "./engine_rows.ts";
import { fileRows } from "./file_rows.ts";
import { groupRows } from "./group_rows.ts";
import { historyRows } from "./history_rows.ts";
import { hourRows } from "./hour_rows.ts";
import { idleRows } from "./idle_rows.ts";
import { loadRows } from "./load_rows.ts";
import { pageRows } from "./page_rows.ts";
import { peerRows } from "./peer_rows.ts";
import { poolerRows } from "./pooler_rows.ts";
import { processRows } from "./process_rows.ts";
import { profileRows } from "./profile_rows.ts";
import { questionRows } from "./question_rows.ts";
import type { Row } from "./row.ts";
import { scaleRows } from "./scale_rows.ts";
import { scheduleRows } from "./schedule_rows.ts";
import { sensorRows } from "./sensor_rows.ts";
import { soakRows } from "./soak_rows.ts";
import { startRows } from "./start_rows.ts";
import { stateRows } from "./state_rows.ts";

const PARTS: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  engine: engineRows,
  groups: groupRows,
  bundler: bundlerRows,
  deploy: deployRows,
  sensors: sensorRows,
  questions: questionRows,
  processes: processRows,
  state: stateRows,
  calls: callRows,
  schedule: async () => [...(await scheduleRows()), ...(await catchupRows())],
  history: historyRows,
  clean: () => cleanRows(numberOf("--instances", 1_000_000)),
  scale: () => scaleRows(numberOf("--instances", 1_000)),
  start: startRows,
  idle: idleRows,
  files: fileRows,
  loads: () => loadRows(numberOf("--megabytes", 500)),
  page: pageRows,
  profile: profileRows,
  peers: peerRows,
  pooler: () => poolerRows(numberOf("--workers", 200)),
  costs: () => costsRows(numberOf("--minutes", 3)),
  hour: () => hourRows(numberOf("--minutes", 60)),
  soak: () => soakRows(numberOf("--minutes", 60)),
};

/** They take long, or need more than npm brings: only their name asks for them. */
const BY_NAME = ["peers", "soak", "pooler", "costs", "hour"];

const args = process.argv.slice(2);
const wanted = args.filter((arg) => !arg.startsWith("--"));
refuseUnknown();
const rows: Row[] = [];
for (const [name, measure] of Object.entries(PARTS)) {
  const isWanted = wanted.length === 0 ? !BY_NAME.includes(name) : wanted.includes(name);
  if (isWanted) rows.push(...(await measure()));
}
if (args.includes("--json")) console.log(JSON.stringify(rows, null, 2));
else
  for (const row of rows)
    console.log(
      `${row.ok ? "reached" : "MISSED "}  ${row.name}: ${format(row.value)} ${row.unit}  (${row.target})`,
    );

/** A part that is misspelled would measure nothing, and an option would measure all. */
function refuseUnknown(): void {
  const unknown = args.find(
    (arg) =>
      !(arg in PARTS) && !/^--(json|instances=.*|megabytes=.*|minutes=.*|workers=.*)$/.test(arg),
  );
  if (unknown === undefined) return;
  const parts = Object.keys(PARTS).join(", ");
  console.error(
    `${unknown} is unknown. Parts: ${parts}. Options: --json, --instances=N, --megabytes=N, --minutes=N, --workers=N.`,
  );
  process.exit(2);
}

function format(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}

/** The number of an option, such as `--instances=N`. */
function numberOf(option: string, otherwise: number): number {
  const given = args.find((arg) => arg.startsWith(`${option}=`));
  if (given === undefined) return otherwise;
  const count = Number(given.split("=")[1]);
  if (Number.isInteger(count) && count > 0) return count;
  console.error(`${given}: give a whole number above 0, such as ${option}=${otherwise / 10}.`);
  process.exit(2);
}
