/**
 * Requests to the API of another deployment. A request that breaks is sent again: each
 * of them may come twice.
 */
import { errorMessage } from "../../../sdk/error_message.ts";
import { DagsmithError } from "../../../sdk/errors.ts";

export interface ServerAddress {
  /** With the path under which the page is. */
  readonly url: string;
  readonly token: string;
}

interface Body {
  readonly type: "application/json" | "application/octet-stream";
  readonly content: Uint8Array<ArrayBuffer>;
  readonly isGzip?: boolean;
}

/** The waits between the tries of a request. */
const DELAYS_MS = [250, 1_000, 3_000, 10_000];
const TIMEOUT_MS = 60_000;

/**
 * The address of a server.
 * @throws DagsmithError INVALID_ARGUMENT when it is none, or when others could read the
 *   token on its way
 */
export function serverUrl(text: string): string {
  const parsed = URL.parse(text);
  // fetch refuses a password in an address, and its message would show it.
  const isPlain = parsed && !(parsed.username || parsed.password || parsed.search || parsed.hash);
  const url = isPlain ? parsed : null;
  const isLocal = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url?.hostname ?? "");
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isLocal))
    return url.href.replace(/\/$/, "");
  throw new DagsmithError("INVALID_ARGUMENT", {
    argument: "--to",
    reason:
      "write https:// and the address of the page without a user, such as https://dags.example.org",
  });
}

/**
 * Posts to the API.
 * @param path under `/api/v1`
 * @throws DagsmithError with the code of the server; SERVER_AWAY when it does not answer
 */
export async function post(server: ServerAddress, path: string, body: Body): Promise<unknown> {
  let problem = "";
  for (const delay of [...DELAYS_MS, null]) {
    const answer = await send(server, path, body).catch((error: unknown) => reasonOf(error));
    if (typeof answer !== "string" && answer.status < 500) return readAnswer(answer);
    problem = typeof answer === "string" ? answer : `it answered ${answer.status}`;
    if (delay !== null) await new Promise((resolve) => setTimeout(resolve, delay));
  }
  throw new DagsmithError("SERVER_AWAY", { server: server.url, problem });
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Redirects are not followed: they would send the token to another server. */
async function send(
  { url, token }: ServerAddress,
  path: string,
  { type, content, isGzip = false }: Body,
): Promise<Answer> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method: "POST",
    redirect: "manual",
    headers: {
      Authorization: `Bearer ${token}`,
      "Content-Type": type,
      ...(isGzip && { "Content-Encoding": "gzip" }),
    },
    body: content,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return { status: response.status, text: await response.text() };
}

/** The cause says more than "fetch failed". */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return errorMessage(cause ?? error);
}

function readAnswer({ status, text }: Answer): unknown {
  const answer = jsonOf(text) as {
    readonly error?: { readonly code?: string; readonly message?: string };
  } | null;
  if (status < 300 && answer !== null) return answer;
  const reason = answer?.error?.message ?? `it answered ${status} without a reason`;
  throw new DagsmithError("SERVER_REFUSED", { reason });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
