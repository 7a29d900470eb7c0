/** `dag rollback`: makes an earlier version current. */
import { DagsmithError } from "../../../sdk/errors.ts";
import { command, type Outcome } from "../command.ts";
import { needDag } from "../find/runs.ts";
import { withDatabase } from "../project/database.ts";

export const rollback = command({
  usage: "rollback <dag> [version]",
  summary: "Make an earlier version of a DAG current (default: the one before)",
  more: "Existing runs keep their version. The next deploy of a changed file makes the folder's version current again.",
  example: "dag rollback daily_report 3",
  run: async (cli, [dagId, wanted]: readonly [string, string | undefined]): Promise<Outcome> =>
    withDatabase(cli, async (db) => {
      await needDag(db, dagId);
      const { rollbackDag } = await import("../../actions/index.ts");
      const version = await rollbackDag(db, {
        dagId,
        ...(wanted !== undefined && { version: versionNumber(dagId, wanted) }),
        actor: cli.config.user,
      });
      return { json: { dagId, version }, lines: [`New runs of ${dagId} get version ${version}.`] };
    }),
});

/**
 * A number beyond the range of the column is no version either. @throws DagsmithError
 * UNKNOWN_VERSION
 */
function versionNumber(dagId: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new DagsmithError("UNKNOWN_VERSION", { dag: dagId, version: text });
}
