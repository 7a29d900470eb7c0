/**
 * The page and the API of a deployment, as one HTTP server. It reads rows only, and never
 * loads user code.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DagsmithError } from "../../sdk/errors.ts";
import type { S3Folder } from "../config.ts";
import { largeValuesIn } from "../large_values/open.ts";
import type { Database } from "../store/database/database.ts";
import { pageReader } from "../store/reads/reader.ts";
import { makeApp } from "./app.ts";
import { GraphDrawer } from "./graph/graph_drawer.ts";
import type { WebActions } from "./http/actions.ts";
import { loadAssets } from "./http/assets.ts";
import { isLoopback } from "./http/gate.ts";
import type { Registration } from "./http/routes.ts";
import type { WebLog, WebServices } from "./http/services.ts";
import { Sessions } from "./http/sessions.ts";
import { OpenStreams } from "./live/event_stream.ts";
import { Watchers } from "./live/watchers.ts";
import { iconSprite } from "./views/parts/icons.ts";
import { readStylesheet } from "./views/style/stylesheet.ts";

export type { WebActions } from "./http/actions.ts";

export interface WebOptions {
  readonly db: Database;
  /** Default 127.0.0.1. An address that other machines can reach needs a token. */
  readonly host?: string;
  /** Default 8080; 0 takes a free port. */
  readonly port?: number;
  /**
   * The token for the login; programs send it as `Authorization: Bearer`. Default: none,
   * for this machine only.
   */
  readonly token?: string;
  /** The actions of the page. Default: none, the server is read-only. */
  readonly actions?: WebActions;
  /** Masks secrets in every text of users before it is sent. Default: no masking. */
  readonly mask?: (text: string) => string;
  /**
   * Finds variables, which hold the secrets of webhooks. Default: none is set, so every
   * webhook is refused.
   */
  readonly variable?: (key: string) => Promise<string | null>;
  /** The store of the files of tasks. Default: none, so that they cannot be downloaded. */
  readonly filesFolder?: string | S3Folder;
  /** A line on top of every page. */
  readonly notice?: string;
  /** Adds the page of the design, `/design`. Default false. */
  readonly isDevelopment?: boolean;
  readonly log: WebLog;
}

export interface WebServer {
  readonly url: string;
  /** Every route with the permission that it needs. */
  readonly routes: readonly Registration[];
  /**
   * Ends streams, connections, polls and threads. May be called again; does not close the
   * database.
   */
  stop(): Promise<void>;
}

/**
 * Limits what slow or hostile clients can hold. They do not limit streams, which are
 * answers.
 */
const SERVER_OPTIONS = {
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  maxHeaderSize: 16_384,
  keepAliveTimeout: 5_000,
};

/**
 * Starts the server.
 * @throws DagsmithError WEB_EXPOSED when other machines could reach it without a token
 */
export async function startWeb(options: WebOptions): Promise<WebServer> {
  const { host = "127.0.0.1", port = 8080, token, log } = options;
  if (!token && !isLoopback(host)) throw new DagsmithError("WEB_EXPOSED", { host });
  const services = await makeServices(options);
  const streams = new OpenStreams();
  const { handler, routes } = makeApp(services, streams, {
    localOnly: !token,
    isDevelopment: options.isDevelopment ?? false,
  });
  const server = createServer(SERVER_OPTIONS, handler);
  await listen(server, port, host.replace(/^\[|\]$/g, ""));
  const { port: taken } = server.address() as AddressInfo;
  const url = `http://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${taken}`;
  log.info({ url }, "the page is up");
  let stopping: Promise<void> | undefined;
  return { url, routes, stop: () => (stopping ??= stop(server, services, streams)) };
}

async function makeServices(options: WebOptions): Promise<WebServices> {
  const {
    db,
    token,
    actions,
    notice,
    log,
    mask = (text) => text,
    variable = async () => null,
  } = options;
  const reader = pageReader(db);
  const parts = {
    watchers: new Watchers(reader),
    drawer: new GraphDrawer(reader),
    sessions: new Sessions(token || undefined),
  };
  const assets = await loadAssets({ stylesheet: readStylesheet(), sprite: iconSprite() });
  const files = options.filesFolder === undefined ? undefined : largeValuesIn(options.filesFolder);
  return { db, reader, actions, mask, variable, files, notice, log, assets, ...parts };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function stop(server: Server, services: WebServices, streams: OpenStreams): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const unwatched = services.watchers.stop();
  streams.end();
  server.closeAllConnections();
  services.files?.close();
  await Promise.all([closed, unwatched, services.drawer.stop()]);
}
