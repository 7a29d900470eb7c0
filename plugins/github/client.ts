/**
 * The client of the GitHub hook: Octokit with the token, the address and the retries that a data
 * pipeline needs.
 */
import { type HookContext, loadPackage } from "dagsmith";
import type { Octokit } from "octokit";
import type { GithubTarget } from "./target.ts";
import { fetchWhole } from "./whole_body.ts";

/**
 * Tries after the first after a rate limit, or when the server or the connection fails.
 */
const RETRIES = 3;
/**
 * plugin-retry multiplies this wait by 1, 4 and 9: 2.8 s in all; its own default waits 14
 * s.
 */
const RETRY_BASE_MS = 200;
/**
 * Statuses that stay the same with every retry. 403 passes only when it is a rate limit,
 * which plugin-throttling handles.
 */
export const LASTING = [400, 401, 403, 404, 409, 410, 422, 451];
/** Requests with these methods may be repeated: a retry cannot write twice. */
const IDEMPOTENT = ["GET", "HEAD", "PUT", "DELETE"];

/** Opens a client of the API. */
export async function openGithub(
  { baseUrl, auth }: GithubTarget,
  context: HookContext,
): Promise<Octokit> {
  // Loaded when a task needs it: a DAG file with this hook is imported far more often
  // than it calls GitHub.
  const { App, Octokit } = await loadPackage("githubHook()", "octokit", () => import("octokit"));
  const Configured = Octokit.defaults({
    baseUrl,
    log: { debug: () => {}, info: () => {}, warn: context.log.warn, error: context.log.error },
    request: { fetch: fetchWhole, signal: context.signal },
    retry: {
      retries: RETRIES,
      retryAfterBaseValue: RETRY_BASE_MS,
      // A rate limit is waited out by plugin-throttling alone.
      doNotRetry: [...LASTING, 429],
    },
    throttle: {
      onRateLimit: patience("rate limit", context),
      onSecondaryRateLimit: patience("secondary rate limit", context),
    },
  });
  const octokit =
    auth && "app" in auth
      ? await new App({ ...auth.app, Octokit: Configured }).getInstallationOctokit(
          auth.app.installationId,
        )
      : new Configured(auth && "token" in auth ? { auth: auth.token } : {});
  return guarded(octokit, context.signal, auth && "basic" in auth ? auth.basic : undefined);
}

/** plugin-throttling calls it to decide about a wait and a retry. */
function patience(limit: string, { log }: HookContext) {
  return (
    retryAfterSeconds: number,
    request: { readonly method: string; readonly url: string },
    _: unknown,
    retryCount: number,
  ): boolean => {
    const again = retryCount < RETRIES;
    const then = again
      ? `waiting ${retryAfterSeconds} s (${retryCount + 1} of ${RETRIES})`
      : `giving up after ${RETRIES} waits`;
    log.warn(`GitHub ${limit} at ${request.method} ${pathOf(request.url)}: ${then}`);
    return again;
  };
}

/**
 * Adds to every request what the plugins need: the login, no second write, the end on
 * abort, and errors that name the request.
 */
function guarded(octokit: Octokit, signal: AbortSignal, basic: string | undefined): Octokit {
  octokit.hook.wrap("request", async (request, options) => {
    if (basic !== undefined) options.headers.authorization = basic;
    // A copy: Octokit shares this object between requests, and its plugins count retries
    // in it. Otherwise one request would use up the retries of another.
    options.request = {
      ...(IDEMPOTENT.includes(options.method) ? {} : { retries: 0 }),
      ...options.request,
    };
    try {
      return await unlessAborted(signal, async () => request(options));
    } catch (error) {
      throw located(error);
    }
  });
  return octokit;
}

/**
 * The waits of the plugins cannot be cut short. After an abort, the request that would
 * follow fails at once.
 */
async function unlessAborted<Result>(
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  return Promise.race([work(), aborted]).finally(() =>
    signal.removeEventListener("abort", onAbort),
  );
}

function located(error: unknown): unknown {
  // A request of an App that gets no token fails with the error of the token's request.
  if (!isRequestError(error) || "retryable" in error) return error;
  const { method, url } = error.request;
  const what = error.response ? `answered ${error.status}` : "failed";
  const isFinalError = isFinal(error);
  const advice =
    isFinalError && isTokenRequest(error)
      ? "; check app_id, installation_id and private_key of the connection"
      : "";
  error.message = `GitHub: ${method} ${pathOf(url)} ${what}: ${error.message.slice(0, 300)}${advice}`;
  return Object.assign(error, { retryable: !isFinalError });
}

/**
 * Whether a retry of the task meets the same answer. What is missing may still come, but
 * not the installation of an App.
 */
function isFinal(error: RequestFailure): boolean {
  if (!LASTING.includes(error.status) || isRateLimit(error)) return false;
  return ![404, 409].includes(error.status) || isTokenRequest(error);
}

/** The request of an App for a token of its installation. */
function isTokenRequest({ request }: RequestFailure): boolean {
  return /\/app\/installations\/\d+\/access_tokens$/.test(request.url);
}

/** A rate limit is a 403 too, but it passes. */
export function isRateLimit({ response, message }: RequestFailure): boolean {
  const { "retry-after": retryAfter, "x-ratelimit-remaining": remaining } = response?.headers ?? {};
  return retryAfter !== undefined || remaining === "0" || /secondary rate/i.test(message);
}

/**
 * Octokit's RequestError, recognised by its fields: its class would have to be loaded
 * with the DAG file.
 */
export interface RequestFailure extends Error {
  readonly status: number;
  readonly request: { readonly method: string; readonly url: string };
  readonly response?: { readonly headers: Readonly<Record<string, string | number | undefined>> };
}

/**
 * Whether `error` is what Octokit throws for a request that failed. Its `response` is
 * absent when there was no answer.
 */
export function isRequestError(error: unknown): error is RequestFailure {
  return error instanceof Error && "status" in error && "request" in error;
}

/** The query is left out: it is long, and may contain secrets. */
function pathOf(url: string): string {
  return URL.parse(url)?.pathname ?? url.replace(/\?.*$/, "");
}
