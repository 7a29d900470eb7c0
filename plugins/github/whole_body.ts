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
  const { status, statusText, headers, url } = response;
  const copy = new Response(WITHOUT_BODY.includes(status) ? null : body, {
    status,
    statusText,
    headers,
  });
  return Object.defineProperty(copy, "url", { value: url });
}
