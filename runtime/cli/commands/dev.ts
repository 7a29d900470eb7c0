/** `dag dev`: starts everything on this machine, and deploys files as they change. */
import { resolve } from "node:path";
import { errorMessage } from "../../../sdk/error_message.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Deployment } from "../../actions/index.ts";
import type { FolderLoad } from "../../bundler/folder.ts";
import { type Cli, command } from "../command.ts";
import { DEFAULT_FOLDER } from "../find/dags.ts";
import { wholeNumber } from "../input/option_values.ts";
import { placed } from "../output/placed.ts";
import {
  findRunningDev,
  type ProjectFiles,
  projectFiles,
  removeRunningDev,
  writeRunningDev,
} from "../project/project.ts";
import { findUserOfImports } from "../project/task_user.ts";
import { keepPageLink, linkAddress } from "../services/page_link.ts";
import { type Running, runServices, serve } from "../services/running.ts";
import {
  openSurroundings,
  type PageOptions,
  type Surroundings,
  startPageRole,
  startSchedulerRole,
  startWorkerRole,
  type WorkerFlags,
} from "../services/services.ts";
import { errorLines } from "./check.ts";
import { QUEUES } from "./roles.ts";

export const dev = command({
  usage: "dev [folder]",
  summary: "Run everything on this machine, and reload DAGs as their files change",
  more: "Needs nothing else: it runs a PostgreSQL in .dagsmith/ unless DATABASE_URL is set. The default folder is ./dags. Other commands in this folder use its database.",
  options: [
    {
      flags: "--port <n>",
      text: "port of the page (default: DAG_WEB_PORT, else 8080, else a free one)",
      parse: wholeNumber(0, 65_535),
    },
    QUEUES,
  ],
  example: "dag dev",
  document: async () => (await import("../documents/project.ts")).stopped,
  run: async (
    cli,
    [folder]: readonly [string | undefined],
    options: { readonly port?: number } & WorkerFlags,
  ) => {
    const files = projectFiles(cli.folder);
    const other = await findRunningDev(files);
    if (other) throw new DagsmithError("DEV_RUNNING", { pid: other.pid, page: other.page });
    await runServices(cli, async (running) => {
      const databaseUrl = await ownDatabase(cli, files, running);
      const all = await openSurroundings(cli, databaseUrl, running, { service: "dev" });
      const { migrateAll } = await import("../project/migrate_all.ts");
      await migrateAll(all.db);
      const page = running.add(await startDevPage(all, options.port));
      running.add({ stop: () => removeRunningDev(files) });
      await writeRunningDev(files, { databaseUrl, page: page.address, pid: process.pid });
      cli.say(`The page is at ${page.address}`);
      running.add(await startSchedulerRole(all));
      running.add(await startWorkerRole(all, options));
      running.add(await deployOnChange(all, resolve(cli.folder, folder ?? DEFAULT_FOLDER)));
      await serve(all, running);
    });
    return { json: { stopped: true } };
  },
});

/**
 * DATABASE_URL, else an embedded server in the project. The key is created first, because
 * stored secrets must stay readable.
 */
async function ownDatabase(cli: Cli, files: ProjectFiles, running: Running): Promise<string> {
  if (cli.config.databaseUrl !== null) return cli.config.databaseUrl;
  const [{ startPostgres }, { keepSecretKey }] = await Promise.all([
    import("../../embedded/postgres.ts"),
    import("../../secrets/key_file.ts"),
  ]);
  if (cli.config.secretKey === null) await keepSecretKey(files.secretKey);
  const postgres = running.add(await startPostgres({ folder: files.postgres }));
  return postgres.url;
}

/**
 * The usual port when it is free, so that a bookmark works; otherwise any free port,
 * unless the user chose a port.
 */
export async function startDevPage(
  all: Surroundings,
  port: number | undefined,
  notice?: string,
): Promise<DevPage> {
  const link = await keepPageLink(all.cli);
  const own = { port, link, isDevelopment: true };
  const page = await startOnFreePort(all, { ...own, ...(notice !== undefined && { notice }) });
  return { ...page, address: linkAddress(page.url, link) };
}

/** A page, and the link that opens it. */
type DevPage = Awaited<ReturnType<typeof startPageRole>> & { readonly address: string };

async function startOnFreePort(all: Surroundings, options: PageOptions) {
  const { port } = options;
  try {
    return await startPageRole(all, options);
  } catch (error) {
    const chosen = port ?? all.cli.config.web.port;
    if (!(error instanceof DagsmithError) || error.code !== "PORT_IN_USE" || chosen !== null)
      throw error;
    return startPageRole(all, { ...options, port: 0 });
  }
}

/**
 * Deploys the folder now and after each change. When a file breaks, its last good version
 * stays current, and the error is printed.
 */
async function deployOnChange({ cli, db }: Surroundings, folder: string) {
  const [{ watchFolder }, { deployFolder }] = await Promise.all([
    import("../../bundler/watch.ts"),
    import("../../actions/index.ts"),
  ]);
  const tell = (text: string): void => cli.terminal.note(text);
  const shown = new Set<string>();
  const deploy = async (load: FolderLoad): Promise<void> => {
    sayChanges(cli, load, await deployFolder(db, load, { actor: cli.config.user }));
    sayProblems(cli, load, shown);
  };
  // One after the other: when two deployments run at once, the older load could win.
  let deploying = Promise.resolve();
  const watch = watchFolder(
    folder,
    (load) => {
      deploying = deploying
        .then(() => deploy(load))
        .catch((error: Error) => tell(`deploying ${folder} failed: ${error.message}`));
    },
    {
      environment: cli.config.inherited,
      user: await findUserOfImports(cli),
      onError: (error) => tell(errorMessage(error)),
    },
  );
  return {
    stop: async () => {
      await watch.stop();
      await deploying;
    },
  };
}

function sayChanges(
  cli: Cli,
  { errors, versions }: FolderLoad,
  { deployed, removed }: Deployment,
): void {
  const { style } = cli.terminal;
  for (const { dagId, version, isNew } of deployed)
    if (isNew) cli.say(`${style.green("deployed")} ${dagId} version ${version}`);
  for (const dagId of removed) cli.say(`${style.yellow("removed")} ${dagId} (its runs stay)`);
  if (versions.length === 0 && errors.length === 0)
    cli.say("There are no DAGs yet; waiting for files.");
}

/**
 * Prints each problem once, and again when it comes back. @param shown the problems of
 * the load before
 */
function sayProblems(cli: Cli, { errors, warnings }: FolderLoad, shown: Set<string>): void {
  const { style } = cli.terminal;
  const problems = [
    ...errors.map((error) => errorLines(error, style).join("\n")),
    ...warnings.map((warning) => `${style.yellow("warning")} ${placed(warning)}`),
  ];
  for (const problem of problems) if (!shown.has(problem)) cli.say(problem);
  shown.clear();
  for (const problem of problems) shown.add(problem);
}
