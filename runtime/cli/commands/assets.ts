/** `dag assets`: the assets that DAGs update and wait for, and recording an update. */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import { command } from "../command.ts";
import { jsonObject, wholeNumber } from "../input/option_values.ts";
import { table } from "../output/table.ts";
import { cell, timeText } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";

const MOST = 10_000;

const list = command({
  usage: "list",
  summary:
    "List assets: the tasks that update them, the DAGs that wait for them, and their last update",
  example: "dag assets list --json",
  document: async () => (await import("../documents/settings.ts")).assets,
  run: async (cli) =>
    withDatabase(cli, async (db) => {
      const { listAssets } = await import("../../store/reads/assets.ts");
      const hide = await openHide(cli, db);
      const assets = hide(await listAssets(db, { after: "", limit: MOST }));
      const rows = assets.map(({ uri, producers, consumers, lastEventAt }) => [
        cell(uri),
        producers.map(({ dagId, taskId }) => `${dagId}.${taskId}`).join(", ") ||
          cli.terminal.style.yellow("nothing"),
        consumers
          .map(({ dagId, isUpdated }) => (isUpdated ? `${dagId} (updated)` : dagId))
          .join(", ") || "-",
        timeText(lastEventAt),
      ]);
      const lines =
        assets.length === 0
          ? ["There are no assets."]
          : table(["asset", "updated by", "waited for by", "last update"], rows);
      return { json: { assets }, lines };
    }),
});

const events = command({
  usage: "events <uri>",
  summary: "List an asset's updates, newest first",
  options: [{ flags: "--limit <n>", text: "how many (default 20)", parse: wholeNumber(1, 1_000) }],
  example: "dag assets events s3://lake/github/issues",
  document: async () => (await import("../documents/settings.ts")).assetEvents,
  run: async (cli, [uri]: readonly [string], { limit = 20 }: { readonly limit?: number }) =>
    withDatabase(cli, async (db) => {
      const { assetEvents, isKnownAsset } = await import("../../store/sources/asset.ts");
      if (!(await isKnownAsset(db, uri))) throw new DagsmithError("UNKNOWN_ASSET", { asset: uri });
      const hide = await openHide(cli, db);
      const found = hide(await assetEvents(db, uri, { limit }));
      const rows = found.map(({ id, at, source, actor, extra }) => [
        ...[
          String(id),
          timeText(new Date(at)),
          source ? `${source.dagId}.${source.taskId}` : cell(actor),
        ],
        ...[cell(source?.runId), cell(JSON.stringify(extra))],
      ]);
      const lines =
        found.length === 0
          ? ["It has no updates yet."]
          : table(["event", "at", "by", "run", "extra"], rows);
      return { json: { events: found }, lines };
    }),
});

const update = command({
  usage: "update <uri>",
  summary: "Record an update of an asset, and create the runs that waited for it",
  options: [
    { flags: "--extra <json>", text: "the extra of the event, a JSON object", parse: jsonObject },
  ],
  example: `dag assets update s3://lake/github/issues --extra '{"rows": 12}'`,
  document: async () => (await import("../documents/settings.ts")).assetUpdated,
  run: async (
    cli,
    [uri]: readonly [string],
    { extra = {} }: { readonly extra?: Readonly<Record<string, Json>> },
  ) =>
    withDatabase(cli, async (db) => {
      const { updateAsset } = await import("../../actions/index.ts");
      const { id } = await updateAsset(db, { uri, extra, actor: cli.config.user });
      return { json: { id, uri }, lines: [`${uri} is updated: event ${id}.`] };
    }),
});

export const assets = {
  name: "assets",
  summary: "Assets that tasks update and DAGs wait for: list, events, update",
  commands: [list, events, update],
};
