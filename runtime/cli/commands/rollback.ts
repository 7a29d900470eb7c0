/** `dag rollback`: an earlier version for new runs. */
import { DagsmithError } from "../../../sdk/errors.ts";
import { command, type Outcome } from "../command.ts";
import { withDatabase } from "../database.ts";
import { wholeNumber } from "../option_values.ts";
import { needDag } from "../runs.ts";

export const rollback = command({
  usage: "rollback <dag> [version]",
  summary: "Give new runs of a DAG an earlier version (default: the one before the current)",
  more: "Runs that exist keep theirs. The next deploy of changed files makes the folder's version current again.",
  example: "dag rollback daily_report 3",
  run: async (cli, [dagId, wanted]: readonly [string, string | undefined]): Promise<Outcome> =>
    withDatabase(cli, async (db) => {
      await needDag(db, dagId);
      const { listVersions } = await import("../../store/dag_list.ts");
      const { rollbackDag } = await import("../../actions/rollback.ts");
      const number = versionNumber(dagId, wanted, await listVersions(db, dagId));
      await rollbackDag(db, { dagId, version: number, actor: cli.config.user });
      return { json: { dagId, version: number }, lines: [`New runs of ${dagId} get version ${number}.`] };
    }),
});

/** @throws DagsmithError UNKNOWN_VERSION */
function versionNumber(
  dagId: string,
  wanted: string | undefined,
  versions: readonly { readonly number: number; readonly isCurrent: boolean }[],
): number {
  const current = versions.find(({ isCurrent }) => isCurrent)?.number ?? 0;
  const found =
    wanted === undefined
      ? versions.find(({ number }) => number < current)
      : versions.find(({ number }) => number === readNumber(dagId, wanted));
  if (!found) throw new DagsmithError("UNKNOWN_VERSION", { dag: dagId, version: wanted ?? "before the current one" });
  return found.number;
}

function readNumber(dagId: string, text: string): number {
  try {
    return wholeNumber(1, Number.MAX_SAFE_INTEGER)(text);
  } catch {
    throw new DagsmithError("UNKNOWN_VERSION", { dag: dagId, version: text });
  }
}
