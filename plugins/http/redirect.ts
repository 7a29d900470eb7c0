/**
 * Follows redirects so that no header of the connection leaves its server, and no request
 * becomes one of another method without a word. fetch would do both.
 */
import { HttpError } from "./error.ts";
import type { Exchange, RequestBody, Transport } from "./transport.ts";

const REDIRECTS = [301, 302, 303, 307, 308];
const MOST = 10;
const SAFE = ["GET", "HEAD"];

/** A request that may be sent again: its body is made each time. */
export interface Redirectable extends Omit<Exchange, "body"> {
  readonly body?: () => RequestBody;
}

/**
 * The answer at the end of the redirects.
 * @throws HttpError for a redirect that cannot be followed
 */
export async function sendFollowing(
  transport: Transport,
  url: URL,
  init: Redirectable,
): Promise<Response> {
  let [at, request] = [url, init];
  for (let count = 0; count <= MOST; count += 1) {
    const { body, ...rest } = request;
    const response = await transport(at, body ? { ...rest, body: body() } : rest);
    const to = REDIRECTS.includes(response.status) ? response.headers.get("location") : null;
    if (to === null) return response;
    await response.body?.cancel();
    const next = URL.parse(to, at);
    request = redirected(request, at, next, response.status);
    at = next ?? at;
  }
  throw new HttpError(
    `${init.method} ${url.pathname} was redirected more than ${MOST} times`,
    null,
  );
}

function redirected(
  request: Redirectable,
  from: URL,
  to: URL | null,
  status: number,
): Redirectable {
  const refuse = (why: string): never => {
    const place = to ? `${to.origin}${to.pathname}` : "an address that is none";
    throw new HttpError(
      `${request.method} ${from.pathname} answered ${status}, a redirect to ${place}: ${why}; let the connection name that address`,
      status,
    );
  };
  if (to === null || !/^https?:$/.test(to.protocol)) return refuse("it is no http(s) address");
  const isElsewhere = to.origin !== from.origin;
  if (isElsewhere && request.body) return refuse("no body is sent to another server");
  if (SAFE.includes(request.method)) return isElsewhere ? { ...request, headers: {} } : request;
  if (isElsewhere) return refuse(`a ${request.method} is not sent to another server`);
  if (status === 303) return { ...withoutBody(request), method: "GET" };
  return status === 307 || status === 308
    ? request
    : refuse(`it does not say whether to repeat the ${request.method} there`);
}

function withoutBody({ body: _, ...request }: Redirectable): Redirectable {
  return request;
}
