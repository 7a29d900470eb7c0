/** `dag deployments`: what was deployed and restored, newest first. */
import { command } from "../command.ts";
import { wholeNumber } from "../input/option_values.ts";
import { table } from "../output/table.ts";
import { timeText } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";

interface Options {
  readonly limit?: number;
}

export const deployments = command({
  usage: "deployments",
  summary: "List deployments, rollbacks and promotions, newest first",
  more: "Each can be restored by its number or external id: dag rollback --deployment 12.",
  options: [{ flags: "--limit <n>", text: "how many (default 20)", parse: wholeNumber(1, 1_000) }],
  example: "dag deployments --limit 5",
  document: async () => (await import("../documents/dags.ts")).deployments,
  run: (cli, _args, { limit = 20 }: Options) =>
    withDatabase(cli, async (db) => {
      const { listDeployments } = await import("../../store/reads/deployments.ts");
      const hide = await openHide(cli, db);
      const found = hide(await listDeployments(db, null, limit));
      const headings = [
        "deployment",
        "kind",
        "external id",
        "at",
        "by",
        "dags",
        "changed",
        "reason",
      ];
      const rows = found.map((one) => [
        ...[String(one.id), one.kind, one.externalId ?? "", timeText(one.createdAt), one.actor],
        ...[String(one.dags), String(one.changed), one.reason ?? ""],
      ]);
      return { json: { deployments: found }, lines: table(headings, rows) };
    }),
});
