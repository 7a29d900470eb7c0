/** `dag slots`: what became of every slot of a DAG's schedules, and what the next one waits for. */
import { slotReason } from "../../scheduler/slot_reason.ts";
import type { Slot } from "../../scheduler/slots.ts";
import { command, type Outcome, wrongUsage } from "../command.ts";
import { needDag } from "../find/runs.ts";
import { isoDate, wholeNumber } from "../input/option_values.ts";
import { table } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";
import { cell, stateText, timeText } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
}

export const slots = command({
  usage: "slots <dag>",
  summary: "List what became of each slot of a DAG's schedule: run, skipped or waiting, and why",
  options: [
    { flags: "--from <date>", text: "ISO 8601; logical dates from then on", parse: isoDate },
    { flags: "--to <date>", text: "ISO 8601; logical dates up to then", parse: isoDate },
    {
      flags: "--limit <n>",
      text: "how many decisions (default 20)",
      parse: wholeNumber(1, 10_000),
    },
  ],
  more: "Slots in a row that were skipped for the same reason are one line. Newest first; what waits stands on top.",
  example: "dag slots daily_report --from 2026-03-01",
  run: async (cli, [dagId]: readonly [string], options: Options): Promise<Outcome> =>
    withDatabase(cli, async (db) => {
      await needDag(db, dagId);
      const { readSlots } = await import("../../scheduler/slots.ts");
      const { findDag } = await import("../../store/reads/dag_list.ts");
      const { DateTime } = await import("luxon");
      const zone = (await findDag(db, dagId))?.spec.timezone ?? "UTC";
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
      const found = (await readSlots(db, query)) ?? [];
      return {
        json: { slots: found },
        lines: found.length === 0 ? [`${dagId} has no slots.`] : lines(found, cli.terminal.style),
      };
    }),
});

function lines(found: readonly Slot[], style: Style): readonly string[] {
  const named = found.some(({ schedule }) => schedule !== "");
  const rows = found.map((slot) => [
    ...(named ? [slot.schedule] : []),
    slotDates(slot),
    slot.count === null ? (slot.decision === "skipped" ? "many" : "-") : String(slot.count),
    slot.decision === "run" && slot.runState ? stateText(slot.runState, style) : slot.decision,
    slot.runId ?? cell(slotReason(slot)),
    timeText(slot.decision === "waiting" ? slot.runAfter : slot.decidedAt),
  ]);
  return table(
    [
      ...(named ? ["schedule"] : []),
      "logical date",
      "slots",
      "decision",
      "run or reason",
      "decided or due",
    ],
    rows,
  );
}

function slotDates({ logicalDate, lastLogicalDate }: Slot): string {
  if (
    logicalDate === null ||
    lastLogicalDate === null ||
    logicalDate.getTime() === lastLogicalDate.getTime()
  )
    return timeText(logicalDate);
  return `${timeText(logicalDate)} to ${timeText(lastLogicalDate)}`;
}
