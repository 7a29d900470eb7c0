/** Backfills as text: a bar, one line, run by run. */
import type {
  BackfillProgress,
  BackfillRunSummary,
  BackfillSummary,
} from "../../store/reads/backfills.ts";
import { table } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";
import { stateCell, timeText } from "../output/words.ts";

const WIDTH = 20;

/** `███████░░░  7 of 10`, and the failed runs. Skipped runs count as done. */
export function progressBar({ total, success, failed, skipped }: BackfillProgress): string {
  const done = success + failed + skipped;
  const filled = total === 0 ? WIDTH : Math.floor((done / total) * WIDTH);
  const remarks = [
    failed > 0 ? `${failed} failed` : "",
    skipped > 0 ? `${skipped} skipped` : "",
  ].filter((remark) => remark !== "");
  return `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)}  ${done} of ${total}${remarks.length > 0 ? ` (${remarks.join(", ")})` : ""}`;
}

export function backfillLine(b: BackfillSummary, style: Style): string {
  return `Backfill ${b.id} of ${style.bold(b.dagId)}, ${timeText(b.from)} to ${timeText(b.to)}: ${b.state}  ${progressBar(b.progress)}`;
}

export function backfillLines(
  b: BackfillSummary,
  runs: readonly BackfillRunSummary[],
  style: Style,
): readonly string[] {
  const rows = runs.map((run) => [
    String(run.ordinal),
    timeText(run.logicalDate),
    run.decision === "skip" ? style.dim("skipped") : stateCell(run.runState ?? "none", style),
    run.run === null ? "-" : String(run.run),
    run.reason ?? "",
  ]);
  return [backfillLine(b, style), ...table(["#", "logical date", "state", "run", "remark"], rows)];
}

/** The lines of a dry run. */
export interface PreviewedRun {
  readonly ordinal: number;
  readonly logicalDate: Date;
  readonly dataIntervalStart: Date;
  readonly dataIntervalEnd: Date;
  readonly decision: "run" | "skip";
  readonly reason: string | null;
  readonly run: { readonly runId: string; readonly state: string } | null;
}

export function previewLines(runs: readonly PreviewedRun[]): readonly string[] {
  const rows = runs.map(
    ({ ordinal, dataIntervalStart, dataIntervalEnd, decision, reason, run }) => [
      String(ordinal),
      timeText(dataIntervalStart),
      timeText(dataIntervalEnd),
      decision === "run" ? (run ? "run again" : "run") : "skip",
      [reason ?? "", run ? `${run.runId} (${run.state})` : ""]
        .filter((part) => part !== "")
        .join(": "),
    ],
  );
  const count = runs.filter(({ decision }) => decision === "run").length;
  return [
    ...table(["#", "interval start", "interval end", "what", "remark"], rows),
    `${count} to run, ${runs.length - count} skipped. Nothing was changed.`,
  ];
}
