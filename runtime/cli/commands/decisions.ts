/**
 * `dag decisions`: the decision on every interval of a DAG's schedules, and why the next
 * interval waits.
 */
import { decisionReason } from "../../scheduler/decisions/decision_reason.ts";
import type { ListedDecision } from "../../scheduler/decisions/read_decisions.ts";
import { command, wrongUsage } from "../command.ts";
import { needDag } from "../find/runs.ts";
import { isoDate, wholeNumber } from "../input/option_values.ts";
import { table } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";
import { cell, stateCell, timeText } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
}

export const decisions = command({
  usage: "decisions <dag>",
  summary:
    "List the decision on each interval of a DAG's schedule: run, skipped or waiting, and why",
  options: [
    { flags: "--from <date>", text: "ISO 8601; logical dates from then on", parse: isoDate },
    { flags: "--to <date>", text: "ISO 8601; logical dates up to then", parse: isoDate },
    {
      flags: "--limit <n>",
      text: "how many decisions (default 20)",
      parse: wholeNumber(1, 10_000),
    },
  ],
  more: "Consecutive intervals that were skipped for the same reason are one line. Newest first, with waiting intervals on top.",
  example: "dag decisions daily_report --from 2026-03-01",
  document: async () => (await import("../documents/dags.ts")).decisions,
  run: async (cli, [dagId]: readonly [string], options: Options) =>
    withDatabase(cli, async (db) => {
      await needDag(db, dagId);
      const { readDecisions } = await import("../../scheduler/decisions/read_decisions.ts");
      const { getDag } = await import("../../store/reads/dags.ts");
      const { DateTime } = await import("luxon");
      const zone = (await getDag(db, dagId))?.spec.timezone ?? "UTC";
      const date = (option: string, text: string | undefined): Date | null => {
        if (text === undefined) return null;
        const found = DateTime.fromISO(text, { zone });
        return found.isValid ? found.toJSDate() : wrongUsage(option, `${text} is no date`);
      };
      const query = {
        dagId,
        from: date("--from", options.from),
        to: date("--to", options.to),
        after: null,
        limit: options.limit ?? 20,
      };
      const hide = await openHide(cli, db);
      const found = hide((await readDecisions(db, query)) ?? []);
      return {
        json: { decisions: found },
        lines:
          found.length === 0 ? [`${dagId} has no schedule.`] : lines(found, cli.terminal.style),
      };
    }),
});

function lines(found: readonly ListedDecision[], style: Style): readonly string[] {
  const named = found.some(({ schedule }) => schedule !== "");
  const rows = found.map((entry) => [
    ...(named ? [entry.schedule] : []),
    datesOf(entry),
    entry.count === null ? (entry.decision === "skipped" ? "many" : "-") : String(entry.count),
    entry.decision === "run" && entry.runState ? stateCell(entry.runState, style) : entry.decision,
    entry.runId ?? cell(decisionReason(entry)),
    timeText(entry.decision === "waiting" ? entry.runAfter : entry.decidedAt),
  ]);
  return table(
    [
      ...(named ? ["schedule"] : []),
      "logical date",
      "intervals",
      "decision",
      "run or reason",
      "decided or due",
    ],
    rows,
  );
}

function datesOf({ logicalDate, lastLogicalDate }: ListedDecision): string {
  if (
    logicalDate === null ||
    lastLogicalDate === null ||
    logicalDate.getTime() === lastLogicalDate.getTime()
  )
    return timeText(logicalDate);
  return `${timeText(logicalDate)} to ${timeText(lastLogicalDate)}`;
}
