/** `dag deploy`: makes the versions in the folder current. */
import type { Deployment } from "../../actions/index.ts";
import { type Cli, command, type Outcome } from "../command.ts";
import { loadDagFolder } from "../find/dags.ts";
import { EXTERNAL_ID, REASON } from "../input/deployment_options.ts";
import { withDatabase } from "../project/database.ts";
import { errorLines, placed } from "./check.ts";

interface Options {
  readonly externalId?: string;
  readonly reason?: string;
}

export const deploy = command({
  usage: "deploy [folder]",
  summary: "Store the folder's DAGs as versions that new runs get",
  more: "The default folder is ./dags. A file that cannot be imported is reported, and its last good version stays current. Existing runs keep their version.",
  options: [EXTERNAL_ID, REASON],
  example: "dag deploy ./dags --external-id $(git rev-parse HEAD)",
  run: async (cli, [folder]: readonly [string | undefined], options: Options): Promise<Outcome> =>
    withDatabase(cli, async (db) => {
      const { deployFolder } = await import("../../actions/index.ts");
      const load = await loadDagFolder(cli, folder);
      const result = await deployFolder(db, load, { ...options, actor: cli.config.user });
      const { poolWarnings } = await import("../reports/pool_warnings.ts");
      const { listPools } = await import("../../store/reads/pools.ts");
      const { unlistedSources } = await import("../reports/event_warnings.ts");
      const { listSubscriptions } = await import("../../store/sources/change_subscription.ts");
      const unheard = unlistedSources(load.versions, await listSubscriptions(db, null));
      const warnings = [
        ...load.warnings,
        ...poolWarnings(load.versions, await listPools(db)),
        ...unheard,
      ];
      const warned = warnings.map(
        (warning) => `${cli.terminal.style.yellow("warning")} ${placed(warning)}`,
      );
      const lines = [...warned, ...deployLines(cli, result, load.errors)];
      return { json: { ...result, warnings }, lines, failed: load.errors.length > 0 };
    }),
});

/** A line for each DAG that changed, and for each file that could not be imported. */
export function deployLines(
  cli: Cli,
  { deployment, isRepeated, deployed, removed }: Deployment,
  errors: readonly Parameters<typeof errorLines>[0][],
): readonly string[] {
  const { style } = cli.terminal;
  if (isRepeated)
    return [`This was deployed before, as deployment ${deployment}: nothing changed.`];
  const changed = deployed.filter((dag) => dag.isNew);
  return [
    ...changed.map(
      ({ dagId, version }) => `${style.green("deployed")} ${dagId} version ${version}`,
    ),
    ...removed.map((dagId) => `${style.yellow("removed")} ${dagId} (its runs stay)`),
    ...errors.flatMap((error) => errorLines(error, style)),
    `${deployed.length} DAG${deployed.length === 1 ? "" : "s"}, ${changed.length} changed, ${errors.length} with errors`,
  ];
}
