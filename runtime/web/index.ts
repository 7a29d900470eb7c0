/**
 * The page and the API of a deployment, as one HTTP server. It reads rows only, and never
 * loads user code.
 */
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { DagsmithError } from "../../sdk/errors.ts";
import type { XComFolder } from "../config/xcom_folder.ts";
import { largeValuesIn } from "../large_values/open.ts";
import type { ServiceLog } from "../service/log.ts";
import type { Loop } from "../service/loop.ts";
import type { Database } from "../store/database/database.ts";
import { pageReader } from "../store/reads/reader.ts";
import { makeApp } from "./app.ts";
import { GraphDrawer } from "./graph/graph_drawer.ts";
import type { WebActions } from "./http/actions.ts";
import { loadAssets } from "./http/assets.ts";
import { basePathOf, withoutBasePath } from "./http/base_path.ts";
import type { Registration } from "./http/routes.ts";
import type { WebLink, WebSecrets, WebServices } from "./http/services.ts";
import { TestLimit } from "./http/test_limit.ts";
import { readTls, renewTls, type TlsFiles } from "./http/tls.ts";
import { OpenStreams } from "./live/event_stream.ts";
import { SentPages } from "./live/sent_pages.ts";
import { Watchers } from "./live/watchers.ts";
import { exposureWarning } from "./login/exposure.ts";
import { isLoopback } from "./login/loopback.ts";
import { Oidc, type OidcOptions } from "./login/oidc.ts";
import { checkWebToken } from "./login/web_token.ts";
import { OIDC_CALLBACK } from "./routes/oidc.ts";
import { iconSprite } from "./views/parts/icons.ts";
import { readStylesheet } from "./views/style/stylesheet.ts";

export type { WebActions } from "./http/actions.ts";
export type { WebLink } from "./http/services.ts";
export { isLoopback } from "./login/loopback.ts";

export interface WebOptions {
  readonly db: Database;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 8080; 0 takes a free port. */
  readonly port?: number;
  /**
   * With it programs may do everything: `Authorization: Bearer <token>`. At least 22
   * characters. Default: none.
   */
  readonly token?: string;
  /**
   * A link that logs in as often as it is opened. Only for a page on this machine.
   * Default: users log in with a password.
   */
  readonly link?: WebLink;
  /** PEM files of the certificate and its key. Default: the page is reached without TLS. */
  readonly tls?: TlsFiles | null;
  /** Proxies whose X-Forwarded headers are true. Default: none. */
  readonly trustedProxies?: readonly string[];
  /**
   * The address of the page as people reach it. Its path is that of the page. Default: not
   * known.
   */
  readonly baseUrl?: string | null;
  /** Users may log in at this provider. Needs baseUrl. Default: none. */
  readonly oidc?: OidcOptions;
  /** Connections and variables. Default: none, their pages do not exist. */
  readonly secrets?: Omit<WebSecrets, "limit">;
  /** The actions of the page. Default: none, the server is read-only. */
  readonly actions?: WebActions;
  /** Masks secrets in every text of users before it is sent. Default: no masking. */
  readonly mask?: (text: string) => string;
  /**
   * Finds variables, which hold the secrets of webhooks. Default: none is set, so every
   * webhook is refused.
   */
  readonly variable?: (key: string) => Promise<string | null>;
  /**
   * The store of the files of tasks. Default: none, so that they cannot be downloaded.
   */
  readonly filesFolder?: XComFolder;
  /** A line on top of every page. */
  readonly notice?: string;
  /** Adds the page of the design, `/design`. Default false. */
  readonly isDevelopment?: boolean;
  readonly log: ServiceLog;
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
 * @throws DagsmithError WEB_EXPOSED when other machines could reach a page that opens by
 *   a link; WEAK_WEB_TOKEN
 */
export async function startWeb(options: WebOptions): Promise<WebServer> {
  const { host = "127.0.0.1", port = 8080, token, link } = options;
  if (link && !isLoopback(host)) throw new DagsmithError("WEB_EXPOSED", { host });
  if (token !== undefined) checkWebToken(token);
  const oidc = oidcOf(options);
  const services = { ...(await makeServices(options)), oidcHost: oidc?.host };
  const streams = new OpenStreams();
  const isDevelopment = options.isDevelopment ?? false;
  const { handler, routes } = makeApp(services, streams, { oidc, isDevelopment });
  const listener = withoutBasePath(services.basePath, handler);
  const { server, renewing } = await makeServer(options, listener);
  await listen(server, port, host.replace(/^\[|\]$/g, ""));
  const url = addressOf(server, host, options.tls ? "https" : "http");
  warnOfExposure(options, host);
  let stopping: Promise<void> | undefined;
  const stopAll = async (): Promise<void> => {
    await renewing?.stop();
    await stop(server, services, streams);
  };
  return { url, routes, stop: () => (stopping ??= stopAll()) };
}

/** The server, and the loop that renews its certificate. */
async function makeServer(
  { tls, log }: WebOptions,
  listener: RequestListener,
): Promise<{ readonly server: Server; readonly renewing?: Loop }> {
  if (!tls) return { server: createServer(SERVER_OPTIONS, listener) };
  const pair = await readTls(tls);
  const server = createTlsServer({ ...SERVER_OPTIONS, ...pair }, listener);
  return { server, renewing: renewTls(server, tls, pair, log) };
}

function addressOf(server: Server, host: string, scheme: "http" | "https"): string {
  const { port } = server.address() as AddressInfo;
  return `${scheme}://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`;
}

function warnOfExposure({ tls, trustedProxies = [], log }: WebOptions, host: string): void {
  const warning = exposureWarning({ host, hasTls: Boolean(tls), trustedProxies });
  if (warning !== undefined) log("page_exposed", { host, reason: warning });
}

function oidcOf({ oidc, baseUrl }: WebOptions): Oidc | undefined {
  return oidc && baseUrl ? new Oidc(oidc, baseUrl + OIDC_CALLBACK) : undefined;
}

async function makeServices(options: WebOptions): Promise<Omit<WebServices, "oidcHost">> {
  const {
    db,
    token,
    actions,
    notice,
    log,
    mask = (text) => text,
    variable = async () => null,
    link,
    trustedProxies = [],
    baseUrl = null,
  } = options;
  const reader = pageReader(db);
  const parts = {
    watchers: new Watchers(reader),
    sent: new SentPages(),
    drawer: new GraphDrawer(reader),
  };
  const assets = await loadAssets({ stylesheet: readStylesheet(), sprite: iconSprite() });
  const files = options.filesFolder === undefined ? undefined : largeValuesIn(options.filesFolder);
  return {
    secrets: options.secrets && { ...options.secrets, limit: new TestLimit() },
    ...{ db, reader, actions, mask, variable, files, notice, log, assets },
    ...{ token, link, trustedProxies, baseUrl, basePath: basePathOf(baseUrl) },
    ...parts,
  };
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
