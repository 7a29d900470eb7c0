/** `dag deploy`: makes the versions in the folder current, here or on another machine. */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Deployment, DeploymentPreview } from "../../actions/index.ts";
import type { FolderLoad } from "../../bundler/folder.ts";
import type { ImportWarning } from "../../bundler/version.ts";
import { type Cli, command } from "../command.ts";
import { loadChangedDags } from "../find/dags.ts";
import { EXTERNAL_ID, REASON } from "../input/deployment_options.ts";
import { placed } from "../output/placed.ts";
import { withDatabase } from "../project/database.ts";
import type { ServerAddress } from "../remote/server_api.ts";
import { errorLines } from "./check.ts";

interface Options {
  readonly to?: string;
  readonly token?: string;
  readonly externalId?: string;
  readonly reason?: string;
  readonly dryRun?: true;
  readonly fresh?: true;
}

export const deploy = command({
  usage: "deploy [folder]",
  summary: "Store the folder's DAGs as versions that new runs get",
  more: "The default folder is ./dags. A file that cannot be imported is reported, and its last good version stays current. Existing runs keep their version. With --to or DAG_DEPLOY_TO it needs no database: it bundles here and sends the server what it lacks. Set the token as DAG_DEPLOY_TOKEN: other users of a machine see arguments.",
  options: [
    {
      flags: "--to <address>",
      text: "deploy on the server of this page (default: DAG_DEPLOY_TO, else DATABASE_URL)",
    },
    {
      flags: "--token <token>",
      text: "an API token with the scope dag.deploy (default: DAG_DEPLOY_TOKEN)",
    },
    EXTERNAL_ID,
    REASON,
    { flags: "--dry-run", text: "tell what would change, and change nothing" },
    { flags: "--fresh", text: "import all files again, also those that have not changed" },
  ],
  example: "dag deploy ./dags --to https://dags.example.org --external-id 4f1d2c9",
  document: async () => (await import("../documents/dags.ts")).deploy,
  run: async (
    cli,
    [folder]: readonly [string | undefined],
    { to, token, dryRun, fresh, ...words }: Options,
  ) => {
    const server = await serverOf(cli, to, token);
    const loadDags = () => loadChangedDags(cli, folder, fresh === true);
    if (dryRun) return preview(cli, loadDags, server);
    if (!server) return deployHere(cli, loadDags, words);
    const load = await loadDags();
    const { sendDeployment } = await import("../remote/send_deployment.ts");
    return deployed(cli, load, await sendDeployment(server, load, words, cli.say), load.warnings);
  },
});

type LoadDags = () => Promise<FolderLoad>;
type Words = Pick<Options, "externalId" | "reason">;

/**
 * The server that --to or DAG_DEPLOY_TO names. Undefined: neither does.
 * @throws DagsmithError INVALID_ARGUMENT, DEPLOY_TOKEN_NOT_SET
 */
async function serverOf(
  { config }: Cli,
  to: string | undefined,
  given: string | undefined,
): Promise<ServerAddress | undefined> {
  const address = to ?? config.deploy.to;
  if (address === null) return undefined;
  const { serverUrl } = await import("../remote/server_api.ts");
  const url = serverUrl(address);
  const token = given ?? config.deploy.token;
  if (token === null) throw new DagsmithError("DEPLOY_TOKEN_NOT_SET", { server: url });
  return { url, token };
}

async function preview(cli: Cli, loadDags: LoadDags, server: ServerAddress | undefined) {
  const load = await loadDags();
  const found = await (server ? previewThere(server, load) : previewHere(cli, load));
  const { previewLines } = await import("../reports/deployment_preview.ts");
  const errors = load.errors.flatMap((error) => errorLines(error, cli.terminal.style));
  const lines = [...errors, ...previewLines(found)];
  return { json: { ...found, errors: load.errors }, lines, failed: load.errors.length > 0 };
}

async function previewThere(server: ServerAddress, load: FolderLoad): Promise<DeploymentPreview> {
  const remote = await import("../remote/send_deployment.ts");
  return remote.previewThere(server, load);
}

const previewHere = (cli: Cli, load: FolderLoad): Promise<DeploymentPreview> =>
  withDatabase(cli, async (db) => {
    const { previewDeployment } = await import("../../actions/index.ts");
    return previewDeployment(db, load);
  });

function deployHere(cli: Cli, loadDags: LoadDags, words: Words) {
  return withDatabase(cli, async (db) => {
    const { deployFolder } = await import("../../actions/index.ts");
    const load = await loadDags();
    const result = await deployFolder(db, load, { ...words, actor: cli.config.user });
    const { poolWarnings } = await import("../reports/pool_warnings.ts");
    const { listPools } = await import("../../store/reads/pools.ts");
    const { unlistedSources } = await import("../reports/event_warnings.ts");
    const { listSubscriptions } = await import("../../store/sources/change_subscription.ts");
    return deployed(cli, load, result, [
      ...load.warnings,
      ...poolWarnings(load.versions, await listPools(db)),
      ...unlistedSources(load.versions, await listSubscriptions(db, null)),
    ]);
  });
}

function deployed(
  cli: Cli,
  { errors }: Pick<FolderLoad, "errors">,
  result: Deployment,
  warnings: readonly Warning[],
) {
  const warned = warnings.map(
    (warning) => `${cli.terminal.style.yellow("warning")} ${placed(warning)}`,
  );
  const lines = [...warned, ...deployLines(cli, result, errors)];
  return { json: { ...result, warnings }, lines, failed: errors.length > 0 };
}

type Warning = Pick<ImportWarning, "file" | "line" | "message"> & { readonly code: string };

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
