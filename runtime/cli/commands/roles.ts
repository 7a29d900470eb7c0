/**
 * `dag start`, `dag scheduler`, `dag worker`, `dag web`: the services of a deployment,
 * together or each on its own machine.
 */
import { type Cli, command } from "../command.ts";
import { DEFAULT_FOLDER } from "../find/dags.ts";
import { queueNames, wholeNumber } from "../input/option_values.ts";
import { needDatabaseUrl } from "../project/database.ts";
import { sayPage } from "../services/page_link.ts";
import { runServices, type Service, serve } from "../services/running.ts";
import {
  openSurroundings,
  type Surroundings,
  startPageRole,
  startSchedulerRole,
  startWorkerRole,
  type WorkerFlags,
} from "../services/services.ts";

const PORT = {
  flags: "--port <n>",
  text: "port of the page (default: DAG_WEB_PORT, else 8080; 0: any free one)",
  parse: wholeNumber(0, 65_535),
};
const HOST = {
  flags: "--host <address>",
  text: "address the page listens on (default: DAG_WEB_HOST, else 127.0.0.1)",
};
const SLOTS = {
  flags: "--slots <n>",
  text: "tries at once (default: DAG_WORKER_SLOTS, else 16)",
  parse: wholeNumber(1, 1_000),
};
export const QUEUES = {
  flags: "--queues <names>",
  text: "the queues it serves, separated by commas (default: default)",
  parse: queueNames,
};

interface PageFlags {
  readonly host?: string;
  readonly port?: number;
}

export const start = command({
  usage: "start [folder]",
  summary:
    "Run everything against DATABASE_URL: scheduler, worker and page; deploys the folder first",
  more: "Upgrades the tables. The default folder is ./dags; without such a folder, the deployed versions stay current.",
  options: [HOST, PORT, SLOTS, QUEUES],
  example: "DATABASE_URL=postgres://etl:secret@db:5432/dagsmith dag start",
  document: async () => (await import("../documents/project.ts")).stopped,
  run: async (cli, [folder]: readonly [string | undefined], options: PageFlags & WorkerFlags) => {
    const url = await needDatabaseUrl(cli);
    await runServices(cli, async (running) => {
      const all = await openSurroundings(cli, url, running, { service: "start" });
      const { migrateAll } = await import("../project/migrate_all.ts");
      const { whileServerReturns } = await import("../../store/database/connection_loss.ts");
      // As the services do: a database that goes away during the start is waited for.
      await whileServerReturns(() => migrateAll(all.db), all.db.wait);
      await deployAtStart(all, folder);
      running.add(await startSchedulerRole(all));
      running.add(await startWorkerRole(all, options));
      const { url: page } = running.add(await startPageRole(all, options));
      await sayPage(all, page);
      await serve(all, running);
    });
    return STOPPED;
  },
});

async function deployAtStart({ cli, db }: Surroundings, folder: string | undefined): Promise<void> {
  const { existsSync } = await import("node:fs");
  const { resolve } = await import("node:path");
  if (folder === undefined && !existsSync(resolve(cli.folder, DEFAULT_FOLDER))) return;
  const { loadDagsApart } = await import("../find/dags.ts");
  const { deployFolder } = await import("../../actions/index.ts");
  const { deployLines } = await import("./deploy.ts");
  const load = await loadDagsApart(cli, folder);
  const result = await deployFolder(db, load, { actor: cli.config.user });
  for (const line of deployLines(cli, result, load.errors)) cli.say(line);
}

export const scheduler = command({
  usage: "scheduler",
  summary: "Run a scheduler against DATABASE_URL; any number may run at once",
  example: "dag scheduler",
  document: async () => (await import("../documents/project.ts")).stopped,
  run: (cli) => runRole(cli, "scheduler", startSchedulerRole),
});

export const worker = command({
  usage: "worker",
  summary: "Run a worker against DATABASE_URL; any number may run at once",
  more: "A task that names a queue runs only on workers that serve it.",
  options: [SLOTS, QUEUES],
  example: "dag worker --slots 8 --queues gpu,default",
  document: async () => (await import("../documents/project.ts")).stopped,
  run: (cli, _args, flags: WorkerFlags) =>
    runRole(cli, "worker", (all) => startWorkerRole(all, flags)),
});

export const web = command({
  usage: "web",
  summary: "Serve the page and the API against DATABASE_URL",
  more: "Listens on 127.0.0.1. While there are no users, it prints a link that makes the first admin.",
  options: [HOST, PORT],
  example: "dag web --host 0.0.0.0 --port 8080",
  document: async () => (await import("../documents/project.ts")).stopped,
  run: (cli, _args, flags: PageFlags) =>
    runRole(cli, "web", async (all) => {
      const page = await startPageRole(all, flags);
      await sayPage(all, page.url);
      return page;
    }),
});

/**
 * Starts one role, on a schema that fits. `dag migrate` upgrades the schema, once in a
 * deployment and not in every process.
 */
async function runRole(
  cli: Cli,
  service: string,
  startRole: (all: Surroundings) => Promise<Service>,
) {
  const url = await needDatabaseUrl(cli);
  await runServices(cli, async (running) => {
    const all = await openSurroundings(cli, url, running, { service });
    const { assertSchema } = await import("../../store/database/schema.ts");
    await assertSchema(all.db);
    running.add(await startRole(all));
    await serve(all, running);
  });
  return STOPPED;
}

const STOPPED = { json: { stopped: true } };
