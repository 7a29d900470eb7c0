/**
 * The client of one HTTP service: paths under its root, its login on every request,
 * complete answers, and retries of errors that pass.
 */
import { pipeline, Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { createGunzip } from "node:zlib";
import type { Duration, HookContext, Json } from "dagsmith";
import { jsonOf } from "./answer_body.ts";
import { HttpError } from "./error.ts";
import { firstPage, type HttpPaging, nextPage } from "./paging.ts";
import { isIdempotent } from "./retry.ts";
import { type Call, Sender } from "./sender.ts";
import type { HttpService } from "./service.ts";

/** Options of one request. */
export interface HttpCallOptions {
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: Json;
  /**
   * Sent unchanged. A function makes a stream for each try, such as
   * `() => createReadStream(path)`.
   */
  readonly body?: string | Uint8Array<ArrayBuffer> | (() => AsyncIterable<string | Uint8Array>);
  /** Longest time for one try, body included. Default `"30s"`. */
  readonly timeout?: Duration;
  /**
   * Tries after the first, for GET, HEAD, OPTIONS, PUT and DELETE; other methods get
   * them with an `idempotencyKey` only. Default 3.
   */
  readonly retries?: number;
  /**
   * Sent as `Idempotency-Key`: the service does the same request once, however often it
   * arrives. Default: none.
   */
  readonly idempotencyKey?: string;
}

/** Options of a download. */
export interface HttpDownloadOptions extends HttpCallOptions {
  /**
   * Unpacks a gzipped file while it is read; an incomplete file is an error at its end.
   * Default false.
   */
  readonly gunzip?: boolean;
}

/**
 * Made by {@link httpHook}. Every method throws HttpError for a status of 400 or above,
 * and for an answer that is late, incomplete or missing. One of 401, 403, 410 and their
 * like is not retried by the task (`retryable`).
 */
export class HttpClient {
  readonly #service: HttpService;
  readonly #sender: Sender;

  /** Called by the hook only. */
  constructor(service: HttpService, context: HookContext) {
    this.#service = service;
    this.#sender = new Sender(service, context);
  }

  get(path: string, options: HttpCallOptions = {}): Promise<Response> {
    return this.request("GET", path, options);
  }

  post(path: string, options: HttpCallOptions = {}): Promise<Response> {
    return this.request("POST", path, options);
  }

  /**
   * Makes a request. It retries after 429, 502, 503, 504 and broken connections, with
   * growing waits or as Retry-After says (up to 60 s).
   * @param path under the connection's root; a whole URL must have the same origin, so
   *   that the login is sent to no other server
   * @returns the answer, its body completely received
   * @throws HttpError also for a redirect that would send a body to another server, or
   *   change the method; a GET that leaves the server leaves its headers behind
   */
  async request(method: string, path: string, options: HttpCallOptions = {}): Promise<Response> {
    const url = this.#url(path, options);
    return this.#sender.send(this.#call(method.toUpperCase(), url, options));
  }

  /** The JSON of a GET. @throws HttpError also for a body that is not JSON */
  async json<Body = Json>(path: string, options: HttpCallOptions = {}): Promise<Body> {
    const response = await this.get(path, options);
    return (await jsonOf(response, `GET ${this.#url(path, {}).pathname}`)) as Body;
  }

  /**
   * The pages of a list, each as its JSON, requested when the loop asks for it.
   * @param options.paging how the service names the next page. Default: the header `Link`
   * @throws HttpError also when a page names an earlier one, or another server, as the next one
   * @example
   * const paging = { by: "cursor", cursor: ({ next }: Page) => next } as const;
   * for await (const { rows } of api.pages<Page>("/orders", { paging })) await load(rows);
   */
  async *pages<Body = Json>(
    path: string,
    options: HttpCallOptions & { readonly paging?: HttpPaging<Body> } = {},
  ): AsyncGenerator<Body, void> {
    const paging = options.paging ?? { by: "link" };
    const seen = new Set<string>();
    let url: URL | null = firstPage(this.#url(path, options), paging);
    while (url !== null) {
      const at: URL = this.#own(url);
      seen.add(at.href);
      const response = await this.#sender.send(this.#call("GET", at, options));
      const body = (await jsonOf(response, `GET ${at.pathname}`)) as Body;
      yield body;
      url = nextPage(seen, at, response, body, paging);
    }
  }

  /**
   * The body of a GET as a stream, for bodies that are too large for memory. Time-out and
   * retries apply until the headers arrive. A body that breaks off later is an error of
   * the stream.
   */
  async download(
    path: string,
    { gunzip = false, ...options }: HttpDownloadOptions = {},
  ): Promise<Readable> {
    const call = this.#call("GET", this.#url(path, options), options);
    const { body } = await this.#sender.send({ ...call, whole: false });
    if (body === null) return Readable.from([]);
    const received = Readable.fromWeb(body as ReadableStream<Uint8Array>);
    const content = gunzip ? pipeline(received, createGunzip(), () => {}) : received;
    // An error before the first read waits for the reader; without a listener it would
    // end the process.
    return content.on("error", () => {});
  }

  #url(path: string, { query = {} }: HttpCallOptions): URL {
    const { root } = this.#service;
    const isWhole = /^https?:\/\//i.test(path);
    const url = this.#own(new URL(isWhole ? path : `${root}/${path.replace(/^\/+/, "")}`));
    for (const [name, value] of Object.entries(query)) url.searchParams.append(name, String(value));
    return url;
  }

  #own(url: URL): URL {
    if (url.origin === new URL(this.#service.root).origin) return url;
    throw new HttpError(`${url.origin} is not the service of this connection`, null);
  }

  #call(method: string, url: URL, options: HttpCallOptions): Call {
    const { timeout, retries, idempotencyKey } = options;
    const isRepeatable = isIdempotent(method) || idempotencyKey !== undefined;
    return {
      ...{ method, url, timeout, retries: isRepeatable ? retries : 0, whole: true },
      headers: { ...typeOf(options), ...this.#service.headers, ...headersOf(options) },
      ...bodyOf(options),
    };
  }
}

const typeOf = ({ json }: HttpCallOptions) =>
  json === undefined ? {} : { "content-type": "application/json" };

function headersOf({ headers = {}, idempotencyKey }: HttpCallOptions) {
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
    ...Object.fromEntries(given),
  };
}

function bodyOf({ json, body }: HttpCallOptions): Pick<Call, "body"> {
  if (json !== undefined) return { body: () => JSON.stringify(json) };
  if (body === undefined) return {};
  return { body: typeof body === "function" ? body : () => body };
}
