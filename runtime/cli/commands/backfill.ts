/**
 * `dag backfill` and related commands: create, watch and stop runs over a range of a
 * schedule.
 */
import type { Json } from "../../../sdk/json.ts";
import type { Reprocess } from "../../scheduler/decisions/plan_backfill.ts";
import type { CodeChoice } from "../../store/backfills/backfill.ts";
import type { Database } from "../../store/database/database.ts";
import type { BackfillSummary } from "../../store/reads/backfills.ts";
import { type AnyCommand, type Cli, command, wrongUsage } from "../command.ts";
import { needDag } from "../find/runs.ts";
import { isoDate, jsonObject, label, oneOf, wholeNumber } from "../input/option_values.ts";
import { table } from "../output/table.ts";
import { timeText } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";
import {
  backfillLine,
  backfillLines,
  previewLines,
  progressBar,
} from "../reports/backfill_report.ts";

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly schedule?: string;
  readonly reprocess?: Reprocess;
  readonly maxActiveRuns?: number;
  readonly backwards?: true;
  readonly params?: Readonly<Record<string, Json>>;
  readonly label?: Readonly<Record<string, string>>;
  readonly version?: CodeChoice;
  readonly dryRun?: true;
  readonly wait?: true;
}

export const backfill = command({
  usage: "backfill <dag>",
  summary: "Create runs over a range of a DAG's schedule, for the first time or again",
  more: `The scheduler creates the runs, in addition to those of the DAG. Intervals that have not ended are left out, and unfinished runs are skipped.
Watch it with \`dag backfills <dag>\`; stop it with backfill-pause, backfill-resume, backfill-cancel.`,
  options: [
    { flags: "--from <date>", text: "first logical date, ISO 8601, inclusive", parse: isoDate },
    { flags: "--to <date>", text: "last logical date, inclusive", parse: isoDate },
    { flags: "--schedule <name>", text: "which of the DAG's schedules, when it has several" },
    {
      flags: "--reprocess <which>",
      text: "which finished runs are cleared and run again: none, failed, completed (default none)",
      parse: oneOf("none", "failed", "completed"),
    },
    {
      flags: "--max-active-runs <n>",
      text: "most active runs, not counting the DAG's own (default 10)",
      parse: wholeNumber(1, 10_000),
    },
    { flags: "--backwards", text: "the newest first" },
    { flags: "--params <json>", text: "params of its runs, a JSON object", parse: jsonObject },
    {
      flags: "--label <key=value>",
      text: "a label of its runs; may be given several times",
      parse: label,
    },
    {
      flags: "--version <which>",
      text: "version of its runs: original (the one deployed now; cleared runs keep theirs) or latest (default original)",
      parse: oneOf("original", "latest"),
    },
    { flags: "--dry-run", text: "only list the runs, without creating them" },
    { flags: "--wait", text: "wait until it has ended; exit code 1 when a run failed" },
  ],
  example:
    "dag backfill daily_report --from 2026-01-01 --to 2026-03-31 --reprocess failed --dry-run",
  document: async () => (await import("../documents/backfills.ts")).created,
  run: async (cli, [dagId]: readonly [string], options: Options) => {
    const { from, to, dryRun, wait, label: labels, version: code, ...more } = options;
    if (from === undefined || to === undefined)
      return wrongUsage(
        from === undefined ? "--from" : "--to",
        "a backfill needs both --from and --to",
      );
    return withDatabase(cli, async (db) => {
      await needDag(db, dagId);
      const request = {
        dagId,
        from,
        to,
        ...more,
        ...(labels && { labels }),
        ...(code && { code }),
      };
      return dryRun ? preview(db, request) : create(cli, db, request, wait ?? false);
    });
  },
});

type Request = Omit<Parameters<typeof import("../../actions/index.ts").createBackfill>[1], "actor">;

async function preview(db: Database, request: Request) {
  const { previewBackfill } = await import("../../actions/index.ts");
  const found = await previewBackfill(db, request);
  const runs = found.runs.map(
    ({ ordinal, logicalDate, dataInterval, decision, reason, existing }) => ({
      ...{
        ordinal,
        logicalDate,
        dataIntervalStart: dataInterval.start,
        dataIntervalEnd: dataInterval.end,
        decision,
        reason,
      },
      run: existing ? { id: existing.id, runId: existing.runId, state: existing.state } : null,
    }),
  );
  return {
    json: { dagId: found.dagId, schedule: found.schedule, dryRun: true, runs },
    lines: previewLines(runs),
  };
}

async function create(cli: Cli, db: Database, request: Request, wait: boolean) {
  const { createBackfill } = await import("../../actions/index.ts");
  const { id, runs, skipped } = await createBackfill(db, { ...request, actor: cli.config.user });
  const line = `Backfill ${id} of ${request.dagId}: ${runs} to run, ${skipped} skipped.`;
  if (!wait)
    return {
      json: { id, dagId: request.dagId, runs, skipped, state: "running" as const },
      lines: [line],
    };
  cli.say(line);
  const { waitForBackfill } = await import("../reports/wait_backfill.ts");
  const hide = await openHide(cli, db);
  const ended = hide(await waitForBackfill(db, id, (text) => cli.say(text)));
  const failed = ended.state === "cancelled" || ended.progress.failed > 0;
  return { json: { backfill: ended }, lines: [backfillLine(ended, cli.terminal.style)], failed };
}

export const backfills = command({
  usage: "backfills [dag]",
  summary: "List the newest backfills with their progress, or the runs of one",
  options: [
    {
      flags: "--id <n>",
      text: "the number of a backfill: show its runs",
      parse: wholeNumber(1, 2 ** 52),
    },
    {
      flags: "--limit <n>",
      text: "how many backfills or runs (default 20 and 1000)",
      parse: wholeNumber(1, 100_000),
    },
  ],
  example: "dag backfills daily_report",
  document: async () => (await import("../documents/backfills.ts")).backfills,
  run: async (
    cli,
    [dagId]: readonly [string | undefined],
    options: { readonly id?: number; readonly limit?: number },
  ) =>
    withDatabase(cli, async (db) => {
      if (dagId !== undefined) await needDag(db, dagId);
      if (options.id !== undefined) return one(cli, db, options.id, options.limit ?? 1_000);
      const { listBackfills } = await import("../../store/reads/backfills.ts");
      const hide = await openHide(cli, db);
      const found = hide(await listBackfills(db, dagId, options.limit ?? 20));
      const rows = found.map((b) => [
        String(b.id),
        b.dagId,
        timeText(b.from),
        timeText(b.to),
        b.state,
        progressBar(b.progress),
        b.createdBy,
      ]);
      const headings = ["backfill", "dag", "from", "to", "state", "progress", "by"];
      return {
        json: { backfills: found },
        lines: found.length === 0 ? ["There are no backfills."] : table(headings, rows),
      };
    }),
});

async function one(cli: Cli, db: Database, id: number, limit: number) {
  const { listBackfillRuns } = await import("../../store/reads/backfills.ts");
  const hide = await openHide(cli, db);
  const found = hide(await needBackfill(db, id));
  const runs = hide(await listBackfillRuns(db, id, 0, limit));
  return {
    json: { backfill: found, runs },
    lines: backfillLines(found, runs, cli.terminal.style),
  };
}

async function needBackfill(db: Database, id: number): Promise<BackfillSummary> {
  const { findBackfill } = await import("../../store/reads/backfills.ts");
  const found = await findBackfill(db, id);
  if (found) return found;
  const { DagsmithError } = await import("../../../sdk/errors.ts");
  throw new DagsmithError("UNKNOWN_BACKFILL", { backfill: id });
}

export const pauseBackfill = moving(
  "pause",
  "Pause a backfill: no further run of it starts, running runs go on",
);
export const resumeBackfill = moving("resume", "Resume a paused backfill");
export const cancelBackfill = moving("cancel", "Cancel a backfill; running runs finish");

function moving(verb: "pause" | "resume" | "cancel", summary: string): AnyCommand {
  return command({
    usage: `backfill-${verb} <id>`,
    summary,
    example: `dag backfill-${verb} 3`,
    document: async () => (await import("../documents/backfills.ts")).changed,
    run: async (cli, [text]: readonly [string]) => {
      const id = Number(text);
      if (!Number.isSafeInteger(id) || id < 1)
        return wrongUsage("<id>", `"${text}" is not the number of a backfill`);
      return withDatabase(cli, async (db) => {
        const actions = await import("../../actions/index.ts");
        await actions[`${verb}Backfill`](db, { id, actor: cli.config.user });
        const hide = await openHide(cli, db);
        const found = hide(await needBackfill(db, id));
        return { json: { backfill: found }, lines: [backfillLine(found, cli.terminal.style)] };
      });
    },
  });
}
