/**
 * A fetch that gives a body whole or not at all. Octokit takes a JSON body that was cut for an empty text and goes on, so a page that broke
 * off would count as a page without rows; here it is an error, which plugin-retry tries again.
 */

/** Longest time for one answer, body included. */
const REQUEST_TIMEOUT_MS = 60_000;

/** `fetch`, which rejects when the body breaks off, is not the JSON it says it is, or takes longer than a minute. */
export async function fetchWhole(url: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const response = await fetch(url, { ...init, signal: init.signal ? AbortSignal.any([init.signal, timeout]) : timeout });
  // Reading the clone buffers the body in `response`, so what Octokit reads afterwards is complete.
  const text = await response.clone().text();
  if (response.ok && isJson(response) && text !== "") refuseCut(text);
  return response;
}

function isJson(response: Response): boolean {
  return /^application\/(\w+\+)?json/.test(response.headers.get("content-type") ?? "");
}

/** A body without a length can end early without any error of the connection. */
function refuseCut(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    // The parser's message would quote the data.
    throw new Error(`the body is not valid JSON: it ends after ${text.length} characters`);
  }
}
