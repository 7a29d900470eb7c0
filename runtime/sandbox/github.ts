/**
 * A simulated GitHub on loopback, so that the example DAGs run without an account and
 * without the network: paged lists, rate-limit headers, ETags, one secondary rate limit,
 * and webhooks that take messages as Discord's do. It stores nothing beyond its own life.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, answer, etagOf, notFound, secondaryRateLimit } from "./github_answers.ts";
import { Webhooks } from "./github_webhooks.ts";

/**
 * The GET that is refused once with a secondary rate limit: late enough to spare a DAG
 * that sends a single request.
 */
const RATE_LIMITED_REQUEST = 3;
const HOURLY_QUOTA = 5_000;
const LONGEST_BODY_BYTES = 64 * 1024;

export interface SandboxGithubOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Called with a line for each request. Default: no log. */
  readonly log?: (line: string) => void;
}

export interface SandboxGithub {
  /** The root URL, without a slash at the end. */
  readonly url: string;
  /** Ends every connection. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts the server on 127.0.0.1. It has the organisations `astronomerio`,
 * `airflow-plugins` and `kestra-io`; every other address is 404. `POST /webhooks/{id}`
 * takes a message, `GET /webhooks/{id}/messages` lists them.
 */
export async function startSandboxGithub({
  port = 0,
  log = () => {},
}: SandboxGithubOptions = {}): Promise<SandboxGithub> {
  const webhooks = new Webhooks();
  let asked = 0;
  const server = createServer((request, response) => {
    const url = new URL(
      request.url ?? "/",
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    );
    if (request.method === "GET" && !url.pathname.startsWith("/webhooks/")) asked += 1;
    const context = { request, url, webhooks, asked };
    answerTo(context)
      .then((reply) => send(context, response, reply))
      .then((status) => log(`${request.method} ${url.pathname}${url.search} ${status}`))
      .catch(() => response.destroy());
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen(port, "127.0.0.1", resolve);
  await listening;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => closed(server),
  };
}

interface Asked {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly webhooks: Webhooks;
  /** How many requests GitHub has received, this one included. */
  readonly asked: number;
}

async function answerTo({ request, url, webhooks, asked }: Asked): Promise<Answer> {
  const [, area, id = "", list] = url.pathname.split("/");
  if (area === "webhooks") {
    if (request.method === "GET" && list === "messages")
      return { status: 200, headers: {}, body: webhooks.messages(id) };
    if (request.method !== "POST" || id === "") return notFound;
    const accepted = webhooks.accept(id, await bodyOf(request), new Date().toISOString());
    return accepted
      ? { status: 204, headers: {}, body: null }
      : { status: 400, headers: {}, body: { message: "Invalid Form Body", code: 50_035 } };
  }
  if (request.method !== "GET") return notFound;
  return asked === RATE_LIMITED_REQUEST
    ? secondaryRateLimit
    : answer({ url, authorization: request.headers.authorization });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LONGEST_BODY_BYTES) throw new Error("the body is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** @returns the status that was sent: 304 when the client has this answer already */
function send(
  { request, asked }: Asked,
  response: ServerResponse,
  { status, headers, body }: Answer,
): number {
  const text = status === 204 ? "" : JSON.stringify(body);
  const etag = etagOf(text);
  const sent = status === 200 && request.headers["if-none-match"] === etag ? 304 : status;
  response.writeHead(sent, {
    "content-type": "application/json; charset=utf-8",
    "x-ratelimit-limit": String(HOURLY_QUOTA),
    "x-ratelimit-remaining": String(Math.max(1, HOURLY_QUOTA - asked)),
    "x-ratelimit-reset": String(Math.ceil(Date.now() / 1_000) + 3_600),
    etag,
    ...headers,
  });
  response.end(sent === 200 || sent >= 400 ? text : undefined);
  return sent;
}

async function closed(server: ReturnType<typeof createServer>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // A server that was closed before reports an error here; closed is what the caller
  // wants.
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}
