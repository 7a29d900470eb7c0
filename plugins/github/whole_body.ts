/**
 * A fetch that returns a complete body or fails. Octokit treats an incomplete JSON body
 * as an empty text and goes on, so that a page that broke off would count as a page
 * without rows. Here it is an error, which plugin-retry retries.
 */

/** Longest time for one answer, body included. */
const REQUEST_TIMEOUT_MS = 60_000;
/**
 * Answers with these statuses have no body, and the Response constructor refuses a body
 * for them.
 */
const WITHOUT_BODY = [204, 205, 304];

/**
 * `fetch`, which rejects when the body breaks off, is not valid JSON although its type is
 * JSON, or takes longer than a minute.
 */
export async function fetchWhole(
  url: string | URL | Request,
  init: RequestInit = {},
): Promise<Response> {
  const timeout = new AbortController();
  const reason = new Error(`no whole answer within ${REQUEST_TIMEOUT_MS / 1_000} s`);
  const timer = setTimeout(() => timeout.abort(reason), REQUEST_TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      ...init,
      signal: init.signal ? AbortSignal.any([init.signal, timeout.signal]) : timeout.signal,
    });
    const body = await response.arrayBuffer();
    if (response.ok && isJson(response) && body.byteLength > 0) refuseCut(body);
    return received(response, body);
  } finally {
    clearTimeout(timer);
  }
}

function isJson(response: Response): boolean {
  return /^application\/(\w+\+)?json/.test(response.headers.get("content-type") ?? "");
}

/** A body without a length can end early without any error of the connection. */
function refuseCut(body: ArrayBuffer): void {
  try {
    JSON.parse(new TextDecoder().decode(body));
  } catch {
    // The parser's message would quote the data.
    throw new Error(`the body is not valid JSON: it ends after ${body.byteLength} bytes`);
  }
}

/**
 * The same answer with its body in memory. A constructed Response has no url, which
 * Octokit reads.
 */
function received(response: Response, body: ArrayBuffer): Response {
  const { status, statusText, headers, url } = asRateLimit(response);
  const copy = new Response(WITHOUT_BODY.includes(status) ? null : body, {
    status,
    statusText,
    headers,
  });
  return Object.defineProperty(copy, "url", { value: url });
}

/** As long as GitHub asks for when it names no time. */
const DEFAULT_WAIT_SECONDS = 60;

/**
 * A 429, or a 403 with Retry-After, with the headers by which plugin-throttling knows a
 * rate limit. It would leave others to plugin-retry, which asks 16 times in 22 s.
 */
function asRateLimit(response: Response): Response {
  const retryAfter = response.headers.get("retry-after");
  const isLimit = response.status === 429 || (response.status === 403 && retryAfter !== null);
  if (!isLimit || response.headers.get("x-ratelimit-remaining") === "0") return response;
  const headers = new Headers(response.headers);
  const seconds = Number(retryAfter ?? DEFAULT_WAIT_SECONDS) || 0;
  headers.set("x-ratelimit-remaining", "0");
  // The plugin adds a second.
  headers.set("x-ratelimit-reset", String(Math.ceil(Date.now() / 1_000) + seconds - 1));
  const { status, statusText, url } = response;
  const copy = new Response(null, { status, statusText, headers });
  return Object.defineProperty(copy, "url", { value: url });
}
