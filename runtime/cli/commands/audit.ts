/** `dag audit`: the actions of people, on the screen or as a file. */
import type { Database } from "../../store/database/database.ts";
import type { AuditFilter, AuditRow } from "../../store/reads/audit.ts";
import { AUDIT_FORMATS, type AuditFormat } from "../../words/audit_export.ts";
import { type Cli, command, wrongUsage } from "../command.ts";
import { needDag } from "../find/runs.ts";
import { instant, oneOf, wholeNumber } from "../input/option_values.ts";
import { table } from "../output/table.ts";
import { cell, timeText } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";

interface Options {
  readonly user?: string | null;
  readonly action?: string | null;
  readonly from?: Date | null;
  readonly to?: Date | null;
  readonly limit?: number;
  readonly export?: AuditFormat;
}

export const audit = command({
  usage: "audit [dag]",
  summary: "List the actions of people, newest first",
  more: "With --export it prints all entries that match, for a file.",
  options: [
    { flags: "--user <name>", text: "only of this user or program, such as ada or scheduler" },
    { flags: "--action <action>", text: 'only this action, such as trigger or "set role"' },
    { flags: "--from <date>", text: "only from this time on, in UTC", parse: instant },
    { flags: "--to <date>", text: "only before this time, in UTC", parse: instant },
    { flags: "--limit <n>", text: "how many (default 50)", parse: wholeNumber(1, 10_000) },
    {
      flags: "--export <format>",
      text: `print all as ${AUDIT_FORMATS.join(" or ")}`,
      parse: oneOf(...AUDIT_FORMATS),
    },
  ],
  example: "dag audit daily_report --user ada --from 2026-01-01 --export csv",
  document: async () => (await import("../documents/access.ts")).audit,
  run: async (
    cli,
    [dagId]: readonly [string | undefined],
    { limit = 50, export: format, user = null, action = null, from = null, to = null }: Options,
  ) => {
    if (format !== undefined && cli.json) wrongUsage("--export", "use it without --json");
    return withDatabase(cli, async (db) => {
      if (dagId !== undefined) await needDag(db, dagId);
      const filter = { ...{ user, action, from, to }, dagId: dagId ?? null };
      if (format !== undefined) return exported(cli, db, format, filter);
      const { listAudit } = await import("../../store/reads/audit.ts");
      const hide = await openHide(cli, db);
      const found = hide(await listAudit(db, { ...filter, before: null, limit }));
      return { json: { entries: found }, lines: linesOf(found) };
    });
  },
});

function linesOf(found: readonly AuditRow[]): readonly string[] {
  if (found.length === 0) return ["No actions yet."];
  const rows = found.map(({ at, actor, action, dagId, runId, detail }) => [
    ...[timeText(at), cell(actor), action, dagId ?? "-", runId ?? "-"],
    cell(JSON.stringify(detail)).slice(0, 100),
  ]);
  return table(["at", "by", "what", "dag", "run id", "detail"], rows);
}

/** Prints page by page: the log may be larger than the memory. */
async function exported(cli: Cli, db: Database, format: AuditFormat, filter: AuditFilter) {
  const { eachAudit } = await import("../../store/reads/audit.ts");
  const { exportHead, exportLine } = await import("../../words/audit_export.ts");
  const say = (line: string): void => {
    if (line !== "") cli.terminal.out(line.trimEnd());
  };
  const hide = await openHide(cli, db);
  say(exportHead(format));
  for await (const entries of eachAudit(db, filter))
    for (const entry of hide(entries)) say(exportLine(format, entry));
  // With --export it is refused to print a document.
  return { json: { entries: [] } };
}
