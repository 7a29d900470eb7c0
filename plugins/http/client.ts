/**
 * The client of one HTTP service: paths under its root, its login on every request,
 * complete answers, and retries of errors that pass.
 */
import { pipeline, Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { setTimeout as sleep } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import { type Duration, durationMs, type HookContext, type Json } from "dagsmith";
import { jsonOf } from "./answer_body.ts";
import { failure, HttpError, refusal } from "./error.ts";
import { fetchFollowing, type Redirectable } from "./redirect.ts";
import { delayAfterFailure, delayAfterStatus, isIdempotent, retryAfterMs } from "./retry.ts";

const DEFAULT_TIMEOUT: Duration = "30s";
const DEFAULT_RETRIES = 3;

/** Options of one request. */
export interface HttpCallOptions {
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: Json;
  /** Sent unchanged. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Longest time for one try, body included. Default `"30s"`. */
  readonly timeout?: Duration;
  /**
   * Tries after the first, for GET, HEAD, OPTIONS, PUT and DELETE; other methods get
   * none. Default 3.
   */
  readonly retries?: number;
}

/** Options of a download. */
export interface HttpDownloadOptions extends HttpCallOptions {
  /**
   * Unpacks a gzipped file while it is read; an incomplete file is an error at its end.
   * Default false.
   */
  readonly gunzip?: boolean;
}

interface Call extends HttpCallOptions {
  readonly method: string;
  readonly url: URL;
  /** False: return as soon as the headers arrive. */
  readonly whole: boolean;
}

/**
 * Made by {@link httpHook}. Every method throws HttpError for a status of 400 or above,
 * and for an answer that is late, incomplete or missing. One of 401, 403, 410 and their
 * like is not retried by the task (`retryable`).
 */
export class HttpClient {
  readonly #root: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #context: HookContext;

  /** Called by the hook only. */
  constructor(root: string, headers: Readonly<Record<string, string>>, context: HookContext) {
    this.#root = root;
    this.#headers = headers;
    this.#context = context;
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
   * @throws HttpError also for a redirect that would send a body to another server or
   *   change the method; a GET that leaves the server leaves its headers behind
   */
  request(method: string, path: string, options: HttpCallOptions = {}): Promise<Response> {
    return this.#send({
      ...options,
      method: method.toUpperCase(),
      url: this.#url(path, options),
      whole: true,
    });
  }

  /** The JSON of a GET. @throws HttpError also for a body that is not JSON */
  async json<Body = Json>(path: string, options: HttpCallOptions = {}): Promise<Body> {
    const response = await this.get(path, options);
    return (await jsonOf(response, `GET ${this.#url(path, {}).pathname}`)) as Body;
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
    const { body } = await this.#send({
      ...options,
      method: "GET",
      url: this.#url(path, options),
      whole: false,
    });
    if (body === null) return Readable.from([]);
    const received = Readable.fromWeb(body as ReadableStream<Uint8Array>);
    const content = gunzip ? pipeline(received, createGunzip(), () => {}) : received;
    // An error before the first read waits for the reader; without a listener it would
    // end the process.
    return content.on("error", () => {});
  }

  #url(path: string, { query = {} }: HttpCallOptions): URL {
    const url = new URL(
      /^https?:\/\//i.test(path) ? path : `${this.#root}/${path.replace(/^\/+/, "")}`,
    );
    if (url.origin !== new URL(this.#root).origin)
      throw new HttpError(`${url.origin} is not the service of this connection`, null);
    for (const [name, value] of Object.entries(query)) url.searchParams.append(name, String(value));
    return url;
  }

  async #send(call: Call): Promise<Response> {
    const request = `${call.method} ${call.url.pathname}`;
    const retries = isIdempotent(call.method) ? (call.retries ?? DEFAULT_RETRIES) : 0;
    for (let attempt = 0; ; attempt += 1) {
      const { response, error } = await this.#attempt(call);
      if (response?.ok) return response;
      const delayMs = response
        ? delayAfterStatus(response, attempt)
        : delayAfterFailure(error, attempt);
      const problem = response
        ? await refusal(
            request,
            call.url.host,
            response,
            retryAfterMs(response.headers.get("retry-after"), Date.now()),
          )
        : failure(request, call.url.host, error);
      if (attempt >= retries || delayMs === null) throw problem;
      this.#context.log.warn(
        `${problem.message}; trying again in ${Math.round(delayMs)} ms (${attempt + 1} of ${retries})`,
      );
      await sleep(delayMs, undefined, { signal: this.#context.signal });
    }
  }

  /**
   * One try: an answer, or the reason why there is none. An abort of the task is neither,
   * and is thrown.
   */
  async #attempt(call: Call): Promise<{ response?: Response; error?: unknown }> {
    const timeout = new AbortController();
    const { signal } = this.#context;
    const limit = call.timeout ?? DEFAULT_TIMEOUT;
    const timer = setTimeout(
      () => timeout.abort(new Error(`no whole answer within ${limit}`)),
      durationMs(limit),
    );
    try {
      const response = await fetchFollowing(call.url, {
        ...this.#init(call),
        signal: AbortSignal.any([signal, timeout.signal]),
      });
      // Read here, where an incomplete body can still be requested again.
      return { response: call.whole || !response.ok ? await received(response) : response };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof HttpError) throw error;
      return { error };
    } finally {
      clearTimeout(timer);
    }
  }

  #init({ method, headers, json, body }: Call): Redirectable {
    const content = json === undefined ? body : JSON.stringify(json);
    const type = json === undefined ? {} : { "content-type": "application/json" };
    const given = Object.fromEntries(
      Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    );
    return {
      method,
      headers: { ...type, ...this.#headers, ...given },
      ...(content === undefined ? {} : { body: content }),
    };
  }
}

/**
 * Answers with these statuses have no body, and the Response constructor refuses a body
 * for them.
 */
const WITHOUT_BODY = [204, 205, 304];

/** The same answer with its body in memory. */
async function received(response: Response): Promise<Response> {
  const { status, statusText, headers, url } = response;
  const body = await response.arrayBuffer();
  const copy = new Response(WITHOUT_BODY.includes(status) ? null : body, {
    status,
    statusText,
    headers,
  });
  return Object.defineProperty(copy, "url", { value: url });
}
