/** `dag next`: the next runs of a DAG, and their data intervals. */
import type { DeployedDag } from "../../store/reads/dags.ts";
import { command, wrongUsage } from "../command.ts";
import { knownDag } from "../find/dags.ts";
import { isoDate, wholeNumber } from "../input/option_values.ts";
import { table } from "../output/table.ts";
import { cell, timeText } from "../output/words.ts";

export const next = command({
  usage: "next <dag>",
  summary: "List the next runs of a DAG's schedule",
  options: [
    {
      flags: "--from <date>",
      text: "ISO 8601; runs due from then on (default: now)",
      parse: isoDate,
    },
    { flags: "--count <n>", text: "how many (default 5)", parse: wholeNumber(1, 1_000) },
    { flags: "--folder <path>", text: "read the files of this folder instead of the database" },
  ],
  example: "dag next daily_report --from 2026-03-28 --count 3",
  document: async () => (await import("../documents/dags.ts")).next,
  run: async (
    cli,
    [dagId]: readonly [string],
    options: { from?: string; count?: number; folder?: string },
  ) => {
    const { spec, deployed } = await knownDag(cli, dagId, options.folder);
    const { DateTime } = await import("luxon");
    const { nextRuns } = await import("../../timetable/index.ts");
    const from =
      options.from === undefined
        ? DateTime.now()
        : DateTime.fromISO(options.from, { zone: spec.timezone });
    if (!from.isValid) wrongUsage("--from", `${options.from} is no date`);
    const runs = nextRuns(spec, { from: from.toJSDate(), count: options.count ?? 5 });
    const local = (date: Date): string =>
      DateTime.fromJSDate(date, { zone: spec.timezone }).toFormat("ccc yyyy-MM-dd HH:mm:ss ZZ");
    const named = runs.some(({ schedule }) => schedule !== "");
    const partitions = runs.some(({ partition }) => partition !== null);
    const rows = runs.map(({ runAfter, dataInterval: { start, end }, schedule, partition }) => [
      ...(named ? [schedule] : []),
      ...[local(runAfter), timeText(start), timeText(end)],
      ...(partitions ? [cell(partition?.key)] : []),
    ]);
    const titles = [
      ...(named ? ["schedule"] : []),
      `run at (${spec.timezone})`,
      "interval start",
      "interval end",
    ];
    if (partitions) titles.push("partition");
    return {
      json: runs.map(
        ({ schedule, logicalDate, dataInterval: { start, end }, runAfter, partition }) => ({
          ...(schedule !== "" && { schedule }),
          logicalDate,
          dataIntervalStart: start,
          dataIntervalEnd: end,
          runAfter,
          ...(partition && { partitionKey: partition.key }),
        }),
      ),
      lines:
        runs.length === 0
          ? [`${dagId} has no further run.`]
          : [...table(titles, rows), ...remarks(dagId, deployed)],
    };
  },
});

/** Why a deployed DAG does not get these runs now. */
function remarks(dagId: string, deployed: DeployedDag | null): readonly string[] {
  if (deployed?.scheduleError) return ["", `The schedule stopped: ${cell(deployed.scheduleError)}`];
  if (deployed?.isPaused)
    return ["", `${dagId} is paused. Resume its schedule with: dag unpause ${dagId}`];
  if (deployed?.atCapacity)
    return [
      "",
      `${dagId} has as many active runs as maxActiveRuns allows (${deployed.spec.maxActiveRuns}); the next waits for one to end.`,
    ];
  return [];
}
