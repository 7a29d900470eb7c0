/**
 * Requests to a JSON API of Google Cloud: logged in, repeated, named. Google's own clients
 * have no way to end a request.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { TaskLog } from "dagsmith";
import { endpointOf, type GoogleConfig, type GoogleService, isAnonymous } from "./config.ts";
import { isPassing, noAnswer, noLogin, type Remedies, refusal } from "./google_error.ts";
import { type HttpAnswer, HttpConnections } from "./google_http.ts";

const MAX_ATTEMPTS = 5;
const FIRST_DELAY_MS = 200;

/**
 * A request of a {@link GoogleSession}.
 * @example const request: GoogleRequest = { path: "storage/v1/b/lake", expected: [404] };
 */
export interface GoogleRequest {
  /** Default `GET`. */
  readonly method?: string;
  /** Below the endpoint, or a whole URL of an upload. */
  readonly path: string;
  /** Values by names. Default: none. */
  readonly query?: Readonly<Record<string, string>>;
  /** Besides the login. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: none. */
  readonly body?: Uint8Array | string;
  /** Statuses besides 2xx that the caller reads. Default: none. */
  readonly expected?: readonly number[];
  /** Default: that of the try. */
  readonly signal?: AbortSignal;
}

/**
 * What a {@link GoogleSession} is made of.
 * @example const parts: GoogleSessionParts = { service, login, config, remedies, signal, log };
 */
export interface GoogleSessionParts {
  /** The service that is asked. */
  readonly service: GoogleService;
  /** Finds the login: the `authClient` of a client of Google. */
  readonly login: {
    readonly getRequestHeaders: (url: URL) => Promise<Iterable<[string, string]>>;
  };
  /** Address, project and key. */
  readonly config: GoogleConfig;
  /** What to do about refusals of the service. */
  readonly remedies: Remedies;
  /** Ends all requests. */
  readonly signal: AbortSignal;
  /** The log of the try. */
  readonly log: TaskLog;
}

/**
 * Requests to one service, as one login.
 * @example
 * const session = new GoogleSession({ service: "storage", login: storage.authClient, ...rest });
 * const { body } = await session.send("GCS get", { path: "storage/v1/b/lake" });
 */
export class GoogleSession {
  /** Ends all requests. */
  readonly signal: AbortSignal;
  /** The log of the try. */
  readonly log: TaskLog;
  readonly #parts: GoogleSessionParts;
  readonly #connections = new HttpConnections();

  /** A session that has sent nothing yet. */
  constructor(parts: GoogleSessionParts) {
    this.#parts = parts;
    this.signal = parts.signal;
    this.log = parts.log;
  }

  /** An answer that refuses, as the error of a task. */
  refusal(place: string, answer: HttpAnswer): Error {
    return refusal(place, answer, this.#parts.remedies);
  }

  /**
   * The answer of a request, which may be repeated without harm.
   * @param place operation and object, for errors
   */
  async send(place: string, request: GoogleRequest): Promise<HttpAnswer> {
    const { signal = this.signal } = request;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#attempt(place, request, attempt === MAX_ATTEMPTS);
      if (answer && !isPassing(answer)) return this.#answered(place, request, answer);
      if (answer && attempt === MAX_ATTEMPTS) throw this.refusal(place, answer);
      await sleep(delayMs(attempt), undefined, { signal });
    }
  }

  /** Undefined when no answer came, and the request may be repeated. */
  async #attempt(
    place: string,
    { method = "GET", path, query, headers, body, signal = this.signal }: GoogleRequest,
    isLast: boolean,
  ): Promise<HttpAnswer | undefined> {
    const url = new URL(path, `${endpointOf(this.#parts.config, this.#parts.service)}/`);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const login = await this.#login(place, url, signal);
    try {
      return await this.#connections.exchange(url, {
        ...{ method, signal, headers: { ...login, ...headers } },
        ...(body !== undefined && { body }),
      });
    } catch (error) {
      signal.throwIfAborted();
      const problem = noAnswer(place, url.host, error);
      if (isLast || problem === error || (problem as Error).name === "FailTask") throw problem;
      return undefined;
    }
  }

  async #login(place: string, url: URL, signal: AbortSignal): Promise<Record<string, string>> {
    const { config, service, login } = this.#parts;
    if (isAnonymous(config, service)) return {};
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const stop = (): void => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    try {
      const headers = login.getRequestHeaders(url);
      return Object.fromEntries(await Promise.race([headers, aborted]));
    } catch (error) {
      signal.throwIfAborted();
      throw noLogin(place, error);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  #answered(place: string, { expected = [] }: GoogleRequest, answer: HttpAnswer): HttpAnswer {
    const { status } = answer;
    if ((status >= 200 && status < 300) || expected.includes(status)) return answer;
    throw this.refusal(place, answer);
  }

  /** Ends the connections. */
  close(): void {
    this.#connections.close();
  }
}

/** Up to half as long again, so that many tasks do not retry at the same instant. */
function delayMs(attempt: number): number {
  return FIRST_DELAY_MS * 2 ** (attempt - 1) * (1 + Math.random() / 2);
}
