/**
 * One exchange over the network, as fetch answers it. fetch itself knows no certificates
 * of a connection, so these requests are made by Node's own client.
 */
import type { IncomingMessage } from "node:http";
import { request as https } from "node:https";
import { pipeline, Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import tls from "node:tls";
import type { TlsFiles } from "./service.ts";

/** The body of one request; a function makes the same stream for each try. */
export type RequestBody = string | Uint8Array<ArrayBuffer> | AsyncIterable<string | Uint8Array>;

/** One request. Redirects are returned, not followed. */
export interface Exchange {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  readonly signal: AbortSignal;
}

export type Transport = (url: URL, exchange: Exchange) => Promise<Response>;

/** Longest time without a byte, also within a body. fetch has the same limit. */
const IDLE_MS = 300_000;

/** Certificates for one request. */
type Certificates = Omit<TlsFiles, "ca"> & { readonly ca?: string | string[] };

/**
 * The transport of a connection. Its client certificate is shown to its own server only.
 * @param root the address of the service
 * @param idleMs longest time without a byte, of a connection with certificates
 */
export function transportOf(root: string, files: TlsFiles | null, idleMs = IDLE_MS): Transport {
  if (files === null) return overFetch;
  const { origin } = new URL(root);
  return (url, exchange) => {
    if (url.protocol !== "https:") return overFetch(url, exchange);
    const certificates = url.origin === origin ? files : certificatesForOthers(files);
    return overTls(url, exchange, { ...certificates, timeout: idleMs });
  };
}

/**
 * For other servers than that of the connection, such as the target of a redirect: they
 * may belong to its authority or to any that Node trusts.
 */
export function certificatesForOthers({ ca }: TlsFiles): Certificates {
  if (ca === undefined) return {};
  // Node 20 lacks the function, which knows NODE_EXTRA_CA_CERTS too.
  const known = tls.getCACertificates?.("default") ?? tls.rootCertificates;
  return { ca: [...known, ca] };
}

const overFetch: Transport = (url, { body, ...exchange }) =>
  fetch(url, { ...exchange, redirect: "manual", ...(body !== undefined && bodyInit(body)) });

function bodyInit(body: RequestBody): RequestInit {
  if (typeof body === "string" || body instanceof Uint8Array) return { body };
  return { body: ReadableStream.from(bytesOf(body)), duplex: "half" } as RequestInit;
}

async function* bytesOf(pieces: AsyncIterable<string | Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield typeof piece === "string" ? Buffer.from(piece) : piece;
}

async function overTls(
  url: URL,
  exchange: Exchange,
  connection: Certificates & { readonly timeout: number },
): Promise<Response> {
  const { body, ...options } = exchange;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = { "accept-encoding": "identity", ...options.headers };
  const request = https(url, { ...options, ...connection, headers, agent: false });
  request.on("error", reject).on("response", (message) => {
    endWhenIdle(message, connection.timeout);
    resolve(message);
  });
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array)
    request.end(body);
  // The end of the request ends its source, and an error of the source is that of both.
  else pipeline(Readable.from(bytesOf(body)), request, () => undefined);
  try {
    return responseOf(url, exchange.method, await promise);
  } catch (cause) {
    // As fetch wraps it: the code of the system is the cause.
    throw new TypeError("fetch failed", { cause });
  }
}

/** A reader that takes its time is no silent server. */
function endWhenIdle(message: IncomingMessage, idleMs: number): void {
  message.setTimeout(idleMs, () => {
    if (message.isPaused()) message.socket.setTimeout(idleMs);
    else message.destroy(new Error(`the server sent nothing for ${idleMs / 1_000} s`));
  });
}

/** Answers with these statuses have no body, and the constructor refuses a body. */
const WITHOUT_BODY = [204, 205, 304];

function responseOf(url: URL, method: string, message: IncomingMessage): Response {
  const { statusCode: status = 0, statusMessage: statusText = "", rawHeaders } = message;
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
  const isEmpty = method === "HEAD" || WITHOUT_BODY.includes(status);
  if (isEmpty) message.resume();
  return answer(url.href, isEmpty ? null : (Readable.toWeb(message) as BodyInit), {
    ...{ status, statusText, headers },
  });
}

/** The same answer with its body in memory. */
export async function received(response: Response): Promise<Response> {
  const { status, statusText, headers, url } = response;
  const body = await response.arrayBuffer();
  return answer(url, WITHOUT_BODY.includes(status) ? null : body, { status, statusText, headers });
}

/** The constructor takes no URL. */
function answer(url: string, body: BodyInit | null, init: ResponseInit): Response {
  return Object.defineProperty(new Response(body, init), "url", { value: url });
}
