/**
 * The application: every route, behind the gate. Routes are registered with their
 * permissions only, see {@link Routes}.
 */
import { randomBytes } from "node:crypto";
import express, { type Express, type RequestHandler } from "express";
import helmet from "helmet";
import { apiRoutes } from "./api/routes.ts";
import { redirectsUnder } from "./http/base_path.ts";
import { Refused } from "./http/refused.ts";
import type { Registration, Routes } from "./http/routes.ts";
import type { WebServices } from "./http/services.ts";
import { isSecure } from "./http/site.ts";
import type { OpenStreams } from "./live/event_stream.ts";
import { gate } from "./login/gate.ts";
import { GuessLimit } from "./login/guess_limit.ts";
import { isLoopback } from "./login/loopback.ts";
import type { Oidc } from "./login/oidc.ts";
import { mcpRoutes } from "./mcp/routes.ts";
import { accountRoutes } from "./routes/account.ts";
import { answerError } from "./routes/answer_error.ts";
import { auditRoutes } from "./routes/audit.ts";
import { backfillRoutes } from "./routes/backfills.ts";
import { bulkDagRoutes } from "./routes/bulk_dags.ts";
import { bulkRunRoutes } from "./routes/bulk_runs.ts";
import { calendarRoutes } from "./routes/calendar.ts";
import { changeStreamRoutes } from "./routes/change_stream.ts";
import { clearRoutes } from "./routes/clear.ts";
import { compareRoutes } from "./routes/compare.ts";
import { connectionRoutes } from "./routes/connections.ts";
import { dagRoutes } from "./routes/dag.ts";
import { dagSettingsRoutes } from "./routes/dag_settings.ts";
import { dataRoutes } from "./routes/data.ts";
import { deploymentRoutes } from "./routes/deployments.ts";
import { designRoutes } from "./routes/design.ts";
import { downloadRoutes } from "./routes/downloads.ts";
import { fileDownloadRoutes } from "./routes/file_downloads.ts";
import { healthRoutes } from "./routes/health.ts";
import { homeRoutes } from "./routes/home.ts";
import { hookRoutes } from "./routes/hooks.ts";
import { llmsRoutes } from "./routes/llms.ts";
import { logFindRoutes } from "./routes/log_find.ts";
import { logStreamRoutes } from "./routes/log_stream.ts";
import { loginRoutes } from "./routes/login.ts";
import { markRoutes } from "./routes/marks.ts";
import { oidcRoutes } from "./routes/oidc.ts";
import { poolRoutes } from "./routes/pools.ts";
import { questionRoutes } from "./routes/questions.ts";
import { runRoutes } from "./routes/run.ts";
import { runsRoutes } from "./routes/runs.ts";
import { searchRoutes } from "./routes/search.ts";
import { stateRoutes } from "./routes/state.ts";
import { staticRoutes } from "./routes/static.ts";
import { systemRoutes } from "./routes/system.ts";
import { taskRoutes } from "./routes/task.ts";
import { triggerRoutes } from "./routes/trigger.ts";
import { userRoutes } from "./routes/users.ts";
import { variableRoutes } from "./routes/variables.ts";
import { welcomeRoutes } from "./routes/welcome.ts";

export interface App {
  readonly handler: Express;
  /** Every route with its permission. */
  readonly routes: readonly Registration[];
}

interface AppOptions {
  /** Absent: users log in with a password only. */
  readonly oidc: Oidc | undefined;
  /** Whether it has the page of the design. */
  readonly isDevelopment: boolean;
}

export function makeApp(
  services: WebServices,
  streams: OpenStreams,
  { oidc, isDevelopment }: AppOptions,
): App {
  const guesses = new GuessLimit();
  const design = isDevelopment ? [designRoutes(services)] : [];
  const all = [...allRoutes(services, streams, guesses, oidc), ...design];
  const routes = all.flatMap(({ registered }) => registered);
  const handler = express();
  handler
    .disable("x-powered-by")
    .disable("etag")
    .set("query parser", "simple")
    .set("trust proxy", [...services.trustedProxies])
    .enable("strict routing")
    .enable("case sensitive routing");
  handler.use(nonce, securityHeaders(), onlyTls(services), redirectsUnder(services.basePath));
  handler.use(gate(services, guesses, routes));
  handler.use(all.map(({ router }) => router));
  handler.use(() => {
    throw new Refused(404, "This address does not exist.");
  });
  handler.use(answerError(services));
  return { handler, routes };
}

function allRoutes(
  services: WebServices,
  streams: OpenStreams,
  guesses: GuessLimit,
  oidc: Oidc | undefined,
): readonly Routes[] {
  return [
    healthRoutes(services),
    staticRoutes(services),
    llmsRoutes(services),
    loginRoutes(services, guesses),
    ...(oidc ? [oidcRoutes(services, oidc)] : []),
    welcomeRoutes(services, guesses),
    accountRoutes(services, guesses),
    userRoutes(services),
    hookRoutes(services),
    apiRoutes(services),
    mcpRoutes(services),
    changeStreamRoutes(services, streams),
    logStreamRoutes(services, streams),
    downloadRoutes(services),
    fileDownloadRoutes(services),
    logFindRoutes(services),
    homeRoutes(services),
    calendarRoutes(services),
    triggerRoutes(services),
    backfillRoutes(services),
    dagRoutes(services),
    dagSettingsRoutes(services),
    compareRoutes(services),
    stateRoutes(services),
    markRoutes(services),
    clearRoutes(services),
    runsRoutes(services),
    runRoutes(services),
    bulkRunRoutes(services),
    bulkDagRoutes(services),
    taskRoutes(services),
    questionRoutes(services),
    dataRoutes(services),
    connectionRoutes(services),
    variableRoutes(services),
    poolRoutes(services),
    searchRoutes(services),
    deploymentRoutes(services),
    systemRoutes(services),
    auditRoutes(services),
  ];
}

const nonce: RequestHandler = (_request, response, next) => {
  response.locals.nonce = randomBytes(16).toString("base64");
  next();
};

const YEAR_SECONDS = 31_536_000;

/**
 * Under TLS, browsers come back by TLS only. Not on this machine: other programs of it
 * answer without TLS.
 */
function onlyTls(services: WebServices): RequestHandler {
  return (request, response, next) => {
    if (isSecure(services, request) && !isLoopback(request.hostname ?? ""))
      response.set("Strict-Transport-Security", `max-age=${YEAR_SECONDS}`);
    next();
  };
}

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
    // See onlyTls.
    strictTransportSecurity: false,
    referrerPolicy: { policy: "same-origin" },
  });
}
