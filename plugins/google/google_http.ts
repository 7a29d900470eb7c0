/**
 * One exchange over HTTP with bytes as they are. fetch would unpack objects that are
 * stored as gzip.
 */
import { Agent, request as http, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as https, Agent as TlsAgent } from "node:https";
import { buffer } from "node:stream/consumers";

/** A server that holds a connection open and sends nothing for this long has failed. */
const IDLE_MS = 120_000;

export interface HttpExchange {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly signal: AbortSignal;
}

/**
 * An answer with its whole body.
 * @example const { status, body }: HttpAnswer = await session.send("GCS get", { path });
 */
export interface HttpAnswer {
  /** The status of HTTP. */
  readonly status: number;
  /** By names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** As it came. */
  readonly body: Buffer;
}

/**
 * The body of an answer, as the service describes it.
 * @example const { items } = jsonBody<Page>(await session.send("GCS list", { path }));
 */
export function jsonBody<Value>({ body }: HttpAnswer): Value {
  return JSON.parse(body.toString()) as Value;
}

/** Connections of one client. */
export class HttpConnections {
  readonly #plain = new Agent({ keepAlive: true });
  readonly #tls = new TlsAgent({ keepAlive: true });

  /** The whole answer. @throws the error of the connection; the reason of the signal */
  async exchange(url: URL, { body, ...options }: HttpExchange): Promise<HttpAnswer> {
    options.signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const isTls = url.protocol === "https:";
    const agent = isTls ? this.#tls : this.#plain;
    const request = (isTls ? https : http)(url, { ...options, agent, timeout: IDLE_MS });
    request.on("timeout", () => request.destroy(new Error(`silent for ${IDLE_MS / 1000} s`)));
    request.on("error", reject).on("response", resolve).end(body);
    try {
      const response = await promise;
      const { statusCode: status = 0, headers } = response;
      return { status, headers, body: await buffer(response) };
    } catch (error) {
      throw options.signal.aborted ? options.signal.reason : error;
    }
  }

  close(): void {
    this.#plain.destroy();
    this.#tls.destroy();
  }
}
