/**
 * The page and the API of a deployment, as one HTTP server. It reads rows only, and never
 * loads user code.
 */
import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type Express, type RequestHandler } from "express";
import helmet from "helmet";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Database } from "../store/database/database.ts";
import { pageReader } from "../store/reads/reader.ts";
import { apiRoutes } from "./api/routes.ts";
import { GraphDrawer } from "./graph/graph_drawer.ts";
import type { WebActions } from "./http/actions.ts";
import { loadAssets } from "./http/assets.ts";
import { GuessLimit, gate, isLoopback, Refused } from "./http/gate.ts";
import type { WebLog, WebServices } from "./http/services.ts";
import { Sessions } from "./http/sessions.ts";
import { OpenStreams } from "./live/event_stream.ts";
import { Watchers } from "./live/watchers.ts";
import { answerError } from "./routes/answer_error.ts";
import { backfillRoutes } from "./routes/backfills.ts";
import { changeStreamRoutes } from "./routes/change_stream.ts";
import { clearRoutes } from "./routes/clear.ts";
import { dagRoutes } from "./routes/dag.ts";
import { dataRoutes } from "./routes/data.ts";
import { downloadRoutes } from "./routes/downloads.ts";
import { healthRoutes } from "./routes/health.ts";
import { homeRoutes } from "./routes/home.ts";
import { hookRoutes } from "./routes/hooks.ts";
import { logFindRoutes } from "./routes/log_find.ts";
import { logStreamRoutes } from "./routes/log_stream.ts";
import { loginRoutes } from "./routes/login.ts";
import { markRoutes } from "./routes/marks.ts";
import { runRoutes } from "./routes/run.ts";
import { staticRoutes } from "./routes/static.ts";
import { taskRoutes } from "./routes/task.ts";
import { triggerRoutes } from "./routes/trigger.ts";
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
  /** A line on top of every page. */
  readonly notice?: string;
  readonly log: WebLog;
}

export interface WebServer {
  readonly url: string;
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
  const services = makeServices(options);
  const streams = new OpenStreams();
  const server = createServer(SERVER_OPTIONS, makeApp(services, streams, !token));
  await listen(server, port, host.replace(/^\[|\]$/g, ""));
  const { port: taken } = server.address() as AddressInfo;
  const url = `http://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${taken}`;
  log.info({ url }, "the page is up");
  let stopping: Promise<void> | undefined;
  return { url, stop: () => (stopping ??= stop(server, services, streams)) };
}

function makeServices(options: WebOptions): WebServices {
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
  const assets = loadAssets(readStylesheet());
  return { db, reader, actions, mask, variable, notice, log, assets, ...parts };
}

function makeApp(services: WebServices, streams: OpenStreams, localOnly: boolean): Express {
  const guesses = new GuessLimit();
  const app = express();
  app
    .disable("x-powered-by")
    .disable("etag")
    .set("query parser", "simple")
    .enable("strict routing")
    .enable("case sensitive routing");
  app.use(nonce, securityHeaders());
  app.use(gate(services.sessions, guesses, localOnly));
  app.use(healthRoutes(services), staticRoutes(services.assets));
  if (services.sessions.areRequired) app.use(loginRoutes(services, guesses));
  app.use(
    hookRoutes(services),
    apiRoutes(services),
    changeStreamRoutes(services, streams),
    logStreamRoutes(services, streams),
    downloadRoutes(services),
    logFindRoutes(services),
    homeRoutes(services),
    triggerRoutes(services),
    backfillRoutes(services),
    dagRoutes(services),
    markRoutes(services),
    clearRoutes(services),
    runRoutes(services),
    taskRoutes(services),
    dataRoutes(services),
  );
  app.use(() => {
    throw new Refused(404, "This address does not exist.");
  });
  app.use(answerError(services));
  return app;
}

const nonce: RequestHandler = (_request, response, next) => {
  response.locals.nonce = randomBytes(16).toString("base64");
  next();
};

/**
 * No script runs but ours, by its nonce. Nothing is loaded from other sites. No other
 * site may frame a page.
 */
function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: [
          (_request, response) =>
            `'nonce-${String((response as unknown as express.Response).locals.nonce)}'`,
        ],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Sent by the proxy that terminates TLS: on a plain loopback address it would lock
    // the browser out.
    strictTransportSecurity: false,
    referrerPolicy: { policy: "same-origin" },
  });
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
  await Promise.all([closed, unwatched, services.drawer.stop()]);
}
