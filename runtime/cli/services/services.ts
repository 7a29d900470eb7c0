/**
 * Composes the roles of a deployment: the one place that gives each service what it
 * needs. Services are stopped in the reverse order of their start, also when a later one
 * fails to start.
 */
import { resolve } from "node:path";
import type { Connection } from "../../../sdk/connection.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { SpillOptions } from "../../executor/spill.ts";
import type { ServiceMetrics } from "../../observe/service_metrics.ts";
import { type ConnectionResolver, createResolver } from "../../secrets/resolver.ts";
import type { SecretSource } from "../../secrets/sources/source.ts";
import type { StoredSecrets } from "../../secrets/stored.ts";
import type { ServiceLog } from "../../service/log.ts";
import { Loop } from "../../service/loop.ts";
import type { WaitListener } from "../../store/database/connection_loss.ts";
import { type Database, openDatabase } from "../../store/database/database.ts";
import { assertReachable } from "../../store/database/probe.ts";
import { pageReader } from "../../store/reads/reader.ts";
import type { SpanSender } from "../../tracing/otlp.ts";
import type { WebLink } from "../../web/index.ts";
import type { Cli } from "../command.ts";
import { openServiceLog } from "../output/service_log.ts";
import { openConnectionTypes, pluginProcesses } from "../project/connection_types.ts";
import { directAddress } from "../project/database.ts";
import { bundleFolder, projectFiles } from "../project/project.ts";
import { openSources, openStoredSecrets, ownSecrets } from "../project/secrets.ts";
import { findUserOfTasks } from "../project/task_user.ts";
import { logTry } from "./log_try.ts";
import { startMetrics } from "./metrics.ts";
import { collectorsOf, openSpans } from "./reports.ts";
import type { Running, Service } from "./running.ts";
import { watchSchema } from "./watch_schema.ts";

/** What every role gets. */
export interface Surroundings {
  readonly cli: Cli;
  readonly db: Database;
  readonly secrets: ConnectionResolver;
  readonly stored: StoredSecrets;
  /** In the order in which secrets are looked up. */
  readonly sources: readonly SecretSource[];
  readonly log: ServiceLog;
  /** Undefined when DAG_METRICS_PORT is not set. */
  readonly metrics: ServiceMetrics | undefined;
  /** Undefined: traces are off. */
  readonly spans: SpanSender | undefined;
}

interface SurroundingsOptions {
  /** The name of the process in its log, such as `worker`. */
  readonly service: string;
  /** Connections for ids that nothing else defines. Default: none. */
  readonly defaults?: Readonly<Record<string, Connection>>;
}

/**
 * Opens the database and the secrets for services. The pool survives a restart of the
 * server; only the first connection must succeed.
 * @throws DagsmithError NO_DATABASE
 */
export async function openSurroundings(
  caller: Cli,
  url: string,
  running: Running,
  { service, defaults = {} }: SurroundingsOptions,
): Promise<Surroundings> {
  await assertReachable(url);
  // Lines that are logged before the secrets are open hold no secrets.
  let mask = (text: string): string => text;
  const { log, cli } = openServiceLog(caller, service, (text) => mask(text));
  const stop = running.stopAsked;
  const db = openDatabase(url, {
    poolSize: POOL_SIZE,
    stop,
    ...directAddress(cli, url),
    onWait: sayOnce(log, stop),
  });
  running.add({ stop: () => db.close() });
  running.add(watchSchema(db, log, (newer) => running.fail(newer)));
  const stored = await openStoredSecrets(cli, db);
  const sources = await openSources(cli, stored);
  const environment = cli.config.secrets;
  const own = await ownSecrets(cli, url);
  const secrets = createResolver({ own, environment, sources, defaults });
  mask = secrets.mask;
  // The page makes no spans.
  const metrics = await startMetrics(cli, db, running);
  const spans = service === "web" ? undefined : await openSpans(cli, { log, metrics }, running);
  return { cli, db, secrets, stored, sources, log, metrics, spans };
}

/**
 * Many statements wait at the same time. Users need one line when the first waits, and
 * one when all are done.
 */
function sayOnce(log: ServiceLog, stop: AbortSignal): WaitListener {
  let waiting = 0;
  return (reason) => {
    if (reason !== null && waiting === 0) log("database_awaited", { reason });
    waiting += reason === null ? -1 : 1;
    // A process that stops gives its waits up, and does not know.
    if (waiting === 0 && !stop.aborted) log("database_returned");
  };
}

/** For scheduler, worker and page in one process. */
const POOL_SIZE = 20;

/**
 * Creates runs and queues instances that are due; follows the tables and queues that start
 * runs.
 */
export async function startSchedulerRole(all: Surroundings): Promise<Service> {
  const { cli, db, secrets, log, metrics, spans } = all;
  const [{ startScheduler }, { startListener }] = await Promise.all([
    import("../../scheduler/service.ts"),
    import("../../listener/service.ts"),
  ]);
  const listener = startListener({
    ...{ db, log, connection: secrets.connection, mask: secrets.mask },
    readers: await pluginProcesses(cli),
  });
  const scheduler = startScheduler({
    ...{ db, log, retention: cli.config.retention },
    collectors: collectorsOf(cli, { log, metrics }, spans),
  });
  if (metrics) {
    const [{ watchFleet }, { watchRuns }] = await Promise.all([
      import("../../observe/fleet_metrics.ts"),
      import("../../observe/run_metrics.ts"),
    ]);
    watchFleet(metrics.registry, metrics.dags, pageReader(db));
    watchRuns(metrics.registry, metrics.dags, pageReader(db));
  }
  return {
    loops: () => [...listener.loops(), ...scheduler.loops()],
    stop: async () => void (await Promise.all([listener.stop(), scheduler.stop()])),
  };
}

/** Options of a worker. */
export interface WorkerFlags {
  /** Default: DAG_WORKER_SLOTS, else 16. */
  readonly slots?: number;
  /** Default: `default` alone. */
  readonly queues?: readonly string[];
}

/** Runs tries. */
export async function startWorkerRole(
  { cli, db, secrets, log, metrics, spans }: Surroundings,
  { slots: wanted, queues }: WorkerFlags = {},
): Promise<Service> {
  const { startWorker } = await import("../../executor/supervisor.ts");
  const slots = wanted ?? cli.config.slots;
  const worker = await startWorker({
    ...{ db, secrets, log, slots, folder: cli.folder },
    ...(queues && { queues }),
    xcoms: xcomFiles(cli),
    files: cli.config.files,
    baseUrl: cli.config.baseUrl,
    cacheFolder: await bundleFolder(cli.folder),
    taskEnv: { ...cli.config.taskEnvironment },
    taskUser: await findUserOfTasks(cli),
    graceMs: cli.config.workerGraceMs,
    logBytes: cli.config.logBytes,
    onLogStored: (bytes) => metrics?.logStored(bytes),
    ...(spans && { onSpan: (span) => spans.queue(span) }),
    onTryEnd: (end) => {
      logTry(log, end);
      metrics?.tryEnded(end);
    },
  });
  metrics?.watchWorker(() => ({ slots, tries: worker.tries }));
  const graceMs = cli.config.workerGraceMs;
  return { graceMs, loops: () => worker.loops(), stop: () => worker.stop() };
}

/**
 * The store of large values and of files; undefined when none is set. `dag dev` with its
 * own database has its own store.
 */
export function xcomFiles({ config, folder: project }: Cli): SpillOptions | undefined {
  const { folder, spillBytes } = config.xcoms;
  if (folder !== null)
    return { folder: typeof folder === "string" ? resolve(project, folder) : folder, spillBytes };
  if (config.databaseUrl !== null) return undefined;
  return { folder: projectFiles(project).values, spillBytes };
}

/** The default address of the page. */
export const DEFAULT_PORT = 8080;

/** How soon the page masks a secret that was stored after its start. */
const LEARN_EVERY_MS = 10_000;

export interface PageOptions {
  readonly host?: string | undefined;
  /** Default: DAG_WEB_PORT, else 8080. */
  readonly port?: number | undefined;
  /** Shown on top of every page. */
  readonly notice?: string;
  /** Whether it has the pages for people who develop dagsmith. Default false. */
  readonly isDevelopment?: boolean;
  /** A link that logs in; only for a page on this machine. Default: users log in. */
  readonly link?: WebLink;
}

/** @throws DagsmithError PORT_IN_USE, WEB_EXPOSED, WEAK_WEB_TOKEN */
export async function startPageRole(
  { cli, db, secrets, stored, sources, log }: Surroundings,
  options: PageOptions = {},
): Promise<Service & { readonly url: string }> {
  const [{ startWeb }, actions] = await Promise.all([
    import("../../web/index.ts"),
    import("../../actions/index.ts"),
  ]);
  const { web } = cli.config;
  const host = options.host ?? web.host;
  const port = options.port ?? web.port ?? DEFAULT_PORT;
  const learning = await startLearning(secrets, log);
  try {
    const token = web.token === null ? {} : { token: web.token };
    const files = xcomFiles(cli);
    const notice = options.notice === undefined ? {} : { notice: options.notice };
    const link = options.link === undefined ? {} : { link: options.link };
    const page = await startWeb({
      db,
      actions,
      host,
      port,
      ...token,
      ...notice,
      ...(files && { filesFolder: files.folder }),
      isDevelopment: options.isDevelopment ?? false,
      ...link,
      tls: web.tls,
      trustedProxies: web.trustedProxies,
      baseUrl: cli.config.baseUrl,
      ...(cli.config.oidc && { oidc: cli.config.oidc }),
      secrets: { stored, sources, resolver: secrets, types: await openConnectionTypes(cli) },
      mask: secrets.mask,
      variable: secrets.variable,
      log,
    });
    const stop = async (): Promise<void> => {
      await learning.stop();
      await page.stop();
    };
    return { url: page.url, stop };
  } catch (error) {
    await learning.stop();
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new DagsmithError("PORT_IN_USE", { host, port, setting: "--port or DAG_WEB_PORT" });
  }
}

/** Another process may have handed out a secret; the page must know it to mask it. */
async function startLearning(secrets: ConnectionResolver, log: ServiceLog): Promise<Loop> {
  await secrets.learnStored();
  const runOnce = async (): Promise<number> => {
    await secrets.learnStored();
    return 0;
  };
  const everyMs = LEARN_EVERY_MS;
  const loop = new Loop({ name: "learn_secrets", everyMs, staggerMs: everyMs, runOnce }, log);
  loop.start();
  return loop;
}
