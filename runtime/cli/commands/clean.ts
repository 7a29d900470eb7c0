/** `dag clean`: old history is deleted. */
import type { CleanedHistory } from "../../actions/index.ts";
import {
  parseAge,
  parseKinds,
  RETENTION_KINDS,
  type Retention,
  type RetentionKind,
} from "../../retention.ts";
import { command } from "../command.ts";
import { table } from "../output/table.ts";
import { withDatabase } from "../project/database.ts";

interface Options {
  readonly olderThan?: number;
  readonly kind?: readonly RetentionKind[];
  readonly dryRun?: true;
}

const DEFAULT_AGE = "90d";

export const clean = command({
  usage: "clean",
  summary: "Delete old history: runs with all they own, logs, decisions, updates of assets, audit",
  more: `Kinds: ${RETENTION_KINDS.join(", ")}. What is active, or what a later decision needs, is kept. The scheduler deletes by itself what DAG_RETENTION calls old.`,
  options: [
    {
      flags: "--older-than <age>",
      text: `what ended, or happened, longer ago than this (default ${DEFAULT_AGE})`,
      parse: parseAge,
    },
    {
      flags: "--kind <kinds>",
      text: "only these kinds, separated by commas (default: all)",
      parse: parseKinds,
    },
    { flags: "--dry-run", text: "only count what would be deleted" },
  ],
  example: "dag clean --older-than 90d --kind runs,logs --dry-run",
  document: async () => (await import("../documents/project.ts")).cleaned,
  run: async (cli, _: readonly [], options: Options) =>
    withDatabase(cli, async (db) => {
      const { clean: cleanNow, previewClean } = await import("../../actions/index.ts");
      const ages = agesOf(options);
      const isDry = options.dryRun ?? false;
      const counts = isDry
        ? await previewClean(db, ages)
        : await cleanNow(db, { ages, actor: cli.config.user });
      return { json: { dryRun: isDry, counts }, lines: lines(counts, isDry) };
    }),
});

function agesOf({ olderThan = parseAge(DEFAULT_AGE), kind = RETENTION_KINDS }: Options): Retention {
  return Object.fromEntries(kind.map((one) => [one, olderThan]));
}

function lines(counts: CleanedHistory, isDry: boolean): readonly string[] {
  const rows = Object.entries(counts).map(([kind, count]) => [kind, String(count)]);
  return [
    ...table(["kind", isDry ? "would be deleted" : "deleted"], rows),
    ...(isDry ? ["Nothing was changed."] : []),
  ];
}
