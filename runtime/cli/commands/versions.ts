/** `dag versions`: the deployed versions, and the current one. */
import { command } from "../command.ts";
import { needDag } from "../find/runs.ts";
import { table } from "../output/table.ts";
import { timeText } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";

export const versions = command({
  usage: "versions [dag]",
  summary: "List the versions of a DAG, or the current version of each",
  example: "dag versions daily_report",
  document: async () => (await import("../documents/dags.ts")).versions,
  run: async (cli, [dagId]: readonly [string | undefined]) =>
    withDatabase(cli, async (db) => {
      const { listDeployedDags, listVersions } = await import("../../store/reads/dags.ts");
      if (dagId === undefined) {
        const current = (await listDeployedDags(db)).map(({ dagId: id, version, file }) => ({
          dagId: id,
          version,
          file,
        }));
        const rows = current.map(({ dagId: id, version, file }) => [id, String(version), file]);
        return { json: { dags: current }, lines: table(["dag", "version", "file"], rows) };
      }
      await needDag(db, dagId);
      const hide = await openHide(cli, db);
      const found = hide(await listVersions(db, dagId));
      const { style } = cli.terminal;
      const rows = found.map(({ number, hash, file, externalId, createdAt, isCurrent }) => {
        return [
          `${number}${isCurrent ? style.green(" (current)") : ""}`,
          hash.slice(0, 12),
          timeText(createdAt),
          externalId ?? "",
          file,
        ];
      });
      return {
        json: { dagId, versions: found },
        lines: table(["version", "hash", "deployed", "external id", "file"], rows),
      };
    }),
});
