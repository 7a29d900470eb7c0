/**
 * `npm start`: all of dagsmith on one machine, with the example DAGs. It runs the GitHub
 * pipeline once, shows its result, and keeps running so that the page can be used.
 * `npm start -- --once` ends instead, with exit code 1 when the run failed.
 */
import { Command } from "commander";
import { type Config, readConfig } from "../config/config.ts";
import { keepSecretKey } from "../secrets/key_file.ts";
import { listRuns } from "../store/reads/run_list.ts";
import { type Cli, EXIT, reportError } from "./command.ts";
import { startDevPage } from "./commands/dev.ts";
import { loadDagFolder } from "./find/dags.ts";
import { wholeNumber } from "./input/option_values.ts";
import { table } from "./output/table.ts";
import { processTerminal } from "./output/terminal.ts";
import { migrateAll } from "./project/migrate_all.ts";
import { projectFiles, removeRunningDev, writeRunningDev } from "./project/project.ts";
import { reportedTasks, runLines } from "./reports/run_report.ts";
import { waitForRun } from "./reports/wait_run.ts";
import { type Running, runServices, serve } from "./services/running.ts";
import { startSandbox } from "./services/sandbox.ts";
import {
  openSurroundings,
  type Surroundings,
  startSchedulerRole,
  startWorkerRole,
} from "./services/services.ts";

const DEMO_DAG = "github_to_redshift";
/** The table that the pipeline writes into the warehouse. */
const RESULT = { schema: "github_data", table: "open_issue_count" };
const RESULT_ROWS = 20;

interface Options {
  readonly once?: true;
  readonly port?: number;
}

function demo(cli: Cli, options: Options): Promise<number> {
  return runServices(cli, async (running) => {
    const { all, warehouseUrl, page } = await startAll(cli, options, running);
    const runId = await deployAndRun(all);
    running.add(await startSchedulerRole(all));
    const succeeded = await showRun(all, runId, warehouseUrl, running.stopAsked);
    cli.say(`\nThe page is at ${page}`);
    if (options.once) return succeeded ? EXIT.done : EXIT.failed;
    cli.say("Ctrl-C stops everything; the data stays in .dagsmith/ for the next start.");
    await serve(all, running);
    return EXIT.done;
  });
}

async function startAll(cli: Cli, { port }: Options, running: Running) {
  const files = projectFiles(cli.folder);
  const { startPostgres } = await import("../embedded/postgres.ts");
  if (cli.config.secretKey === null) await keepSecretKey(files.secretKey);
  const postgres = running.add(await startPostgres({ folder: files.postgres }));
  const sandbox = await startSandbox(cli.config.secrets, postgres.url, running);
  for (const sentence of sandbox.sentences) cli.say(sentence);
  const all = await openSurroundings(cli, postgres.url, running, {
    service: "demo",
    defaults: sandbox.connections,
  });
  await migrateAll(all.db);
  const page = running.add(
    await startDevPage(all, port, `Sandbox: ${sandbox.sentences.join("; ")}.`),
  );
  running.add({ stop: () => removeRunningDev(files) });
  await writeRunningDev(files, { databaseUrl: postgres.url, page: page.address, pid: process.pid });
  running.add(await startWorkerRole(all));
  return { all, warehouseUrl: sandbox.warehouseUrl, page: page.address };
}

/**
 * Deploys the examples and creates one run of the pipeline: the run that its schedule
 * creates at the first start, or a manual run when today's interval has had its run. The
 * scheduler has not started yet, so no other process creates that run.
 * @returns the run's number
 */
async function deployAndRun({ cli, db }: Surroundings): Promise<number> {
  const [{ deployFolder, setPool, triggerRun }, { createDueRuns }, { Plans }] = await Promise.all([
    import("../actions/index.ts"),
    import("../scheduler/jobs/create_runs.ts"),
    import("../store/dags/plans.ts"),
  ]);
  await setPool(db, { name: "github", slots: 4, actor: "npm start" });
  const load = await loadDagFolder(cli, undefined);
  const { deployed } = await deployFolder(db, load, { actor: "npm start" });
  cli.say(
    `deployed ${deployed.map(({ dagId, version }) => `${dagId} (version ${version})`).join(", ")}`,
  );
  for (const error of load.errors) cli.terminal.note(`${error.file}: ${error.message}`);
  await createDueRuns(db, new Plans());
  const [newest] = await listRuns(db, { dagId: DEMO_DAG, limit: 1 });
  if (newest && newest.finishedAt === null) return newest.id;
  return (await triggerRun(db, { dagId: DEMO_DAG, actor: "npm start" })).id;
}

/** Follows a run to its end and shows its result. @returns whether it succeeded */
async function showRun(
  { cli, db }: Surroundings,
  id: number,
  warehouseUrl: string | null,
  stop: AbortSignal,
): Promise<boolean> {
  cli.say(`running ${DEMO_DAG}…\n`);
  const run = await waitForRun(db, id, undefined, stop);
  for (const line of runLines(run, await reportedTasks(db, id), cli.terminal.style)) cli.say(line);
  if (run.state === "success" && warehouseUrl !== null) await sayResult(cli, warehouseUrl);
  return run.state === "success";
}

async function sayResult(cli: Cli, warehouseUrl: string): Promise<void> {
  const { previewTable } = await import("../store/database/server.ts");
  const { columns, rows, hasMore } = await previewTable(
    warehouseUrl,
    RESULT.schema,
    RESULT.table,
    RESULT_ROWS,
  );
  cli.say(`\n${RESULT.schema}.${RESULT.table} in the warehouse:`);
  for (const line of table(columns, rows)) cli.say(line);
  if (hasMore) cli.say("…");
}

/** People read the demo, also through a pipe. */
function withTextLogs(config: Config): Config {
  return { ...config, logs: { ...config.logs, format: config.logs.format ?? "text" } };
}

const program = new Command("npm start --")
  .description(
    "Run dagsmith with its example DAGs: embedded PostgreSQL, simulated systems, scheduler, worker and page.",
  )
  .option("--once", "end when the run has ended; exit code 1 when it failed")
  .option(
    "--port <n>",
    "port of the page (default: DAG_WEB_PORT, else 8080, else a free one)",
    wholeNumber(0, 65_535),
  );

const options = program.parse().opts<Options>();
const config = withTextLogs(readConfig());
const terminal = processTerminal(config.colorAllowed);
const cli: Cli = { config, terminal, folder: process.cwd(), json: false, say: terminal.out };
const code = await demo(cli, options).catch((error: unknown) =>
  reportError(terminal, false, error),
);
await terminal.flush();
process.exit(code);
