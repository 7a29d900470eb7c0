/** `dag simulate`: what the scheduler would do, in virtual time. */
import { type Duration, durationMs } from "../../../sdk/duration.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { type Cli, command, wrongUsage } from "../command.ts";
import { type KnownDag, knownDags, unknownDag } from "../find/dags.ts";
import { isoDate, wholeNumber } from "../input/option_values.ts";
import { findDatabaseUrl, withDatabase } from "../project/database.ts";
import { simulationLines } from "../reports/simulation_report.ts";

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly now?: string;
  readonly duration?: number;
  readonly limit?: number;
  readonly folder?: string;
}

/** For a DAG that has never run. */
const DEFAULT_DURATION_MS = 60_000;

export const simulate = command({
  usage: "simulate <dag...>",
  summary: "Run the scheduler over virtual time: decisions, skips, overlaps, clock changes, pools",
  options: [
    {
      flags: "--from <date>",
      text: "ISO 8601, in UTC when it names no offset; all earlier intervals have run",
      parse: isoDate,
    },
    { flags: "--to <date>", text: "ISO 8601, inclusive", parse: isoDate },
    {
      flags: "--now <date>",
      text: "when the scheduler makes its first pass: intervals due since --from are missed (default: --from)",
      parse: isoDate,
    },
    {
      flags: "--duration <length>",
      text: "how long each run takes (default: the average of the last runs, else 1m)",
      parse: (text) => durationMs(text as Duration),
    },
    {
      flags: "--limit <n>",
      text: "how many decisions to show (default 20); --json shows all",
      parse: wholeNumber(0, 1_000_000),
    },
    { flags: "--folder <path>", text: "read the files of this folder instead of the database" },
  ],
  more: "It runs the real decisions over a virtual clock and stores nothing. The same question has the same answer.",
  example: "dag simulate daily_report --from 2026-03-01 --to 2026-04-01 --duration 20m",
  document: async () => (await import("../documents/dags.ts")).simulated,
  run: async (cli, [dagIds]: readonly [readonly string[]], options: Options) => {
    const [from, to] = [moment("--from", options.from), moment("--to", options.to)];
    if (to < from) wrongUsage("--to", "it lies before --from");
    const now = options.now === undefined ? from : moment("--now", options.now);
    const specs = await specsOf(cli, dagIds, options.folder);
    const { lengths, pools } = await recorded(cli, specs, options.folder);
    const dags = specs.map((spec) => ({
      spec,
      durationMs: options.duration ?? lengths.get(spec.dagId) ?? DEFAULT_DURATION_MS,
    }));
    const { simulate: run } = await import("../../scheduler/simulation/simulate.ts");
    const simulation = run({ dags, from, to, now, pools });
    return { json: simulation, lines: simulationLines(simulation, options.limit ?? 20) };
  },
});

function moment(option: string, text: string | undefined): Date {
  if (text === undefined) return wrongUsage(option, "it must be given");
  // A text without an offset is read in UTC, and a date as its midnight.
  const date = new Date(
    text.includes("T") && !/(Z|[+-]\d{2}:?\d{2})$/.test(text) ? `${text}Z` : text,
  );
  return Number.isNaN(date.getTime()) ? wrongUsage(option, `${text} is no date`) : date;
}

/** @throws DagsmithError UNKNOWN_DAG */
async function specsOf(
  cli: Cli,
  dagIds: readonly string[],
  folder: string | undefined,
): Promise<readonly DagSpec[]> {
  const { dags } = await knownDags(cli, folder);
  const byId = new Map<string, KnownDag>(dags.map((dag) => [dag.dagId, dag]));
  return [...new Set(dagIds)].map((dagId) => {
    const known = byId.get(dagId);
    if (!known) throw unknownDag(dagId, [...byId.keys()]);
    return known.spec;
  });
}

interface Recorded {
  readonly lengths: ReadonlyMap<string, number>;
  readonly pools: Readonly<Record<string, number>>;
}

/**
 * How long runs took, and the pools; both are unknown for DAGs that are read from files.
 */
async function recorded(
  cli: Cli,
  specs: readonly DagSpec[],
  folder: string | undefined,
): Promise<Recorded> {
  if (folder !== undefined || (await findDatabaseUrl(cli)) === null)
    return { lengths: new Map(), pools: {} };
  return withDatabase(cli, async (db) => {
    const { averageDurations } = await import("../../store/reads/durations.ts");
    const { listPools } = await import("../../store/reads/pools.ts");
    const dagIds = specs.map(({ dagId }) => dagId);
    const pools = Object.fromEntries((await listPools(db)).map(({ name, slots }) => [name, slots]));
    return { lengths: await averageDurations(db, dagIds), pools };
  });
}
