/** Requests to the JSON API of Google Cloud Storage: logged in, repeated, named. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Storage } from "@google-cloud/storage";
import type { TaskLog } from "dagsmith";
import { endpointOf, type GcsConfig, isAnonymous } from "./config.ts";
import { isPassing, noAnswer, noLogin, refusal } from "./gcs_error.ts";
import { type HttpAnswer, HttpConnections } from "./gcs_http.ts";

const MAX_ATTEMPTS = 5;
const FIRST_DELAY_MS = 200;

export interface GcsRequest {
  /** Default `GET`. */
  readonly method?: string;
  /** Below the endpoint, or a whole URL of an upload. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Statuses besides 2xx that the caller reads. Default: none. */
  readonly expected?: readonly number[];
  /** Default: that of the try. */
  readonly signal?: AbortSignal;
}

interface Given {
  readonly storage: Storage;
  readonly config: GcsConfig;
  readonly signal: AbortSignal;
  readonly log: TaskLog;
}

export class GcsSession {
  readonly storage: Storage;
  readonly signal: AbortSignal;
  readonly log: TaskLog;
  readonly #config: GcsConfig;
  readonly #connections = new HttpConnections();

  constructor({ storage, config, signal, log }: Given) {
    this.storage = storage;
    this.#config = config;
    this.signal = signal;
    this.log = log;
  }

  /**
   * The answer of a request, which may be repeated without harm.
   * @param place operation and object, for errors
   */
  async send(place: string, request: GcsRequest): Promise<HttpAnswer> {
    const { signal = this.signal } = request;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#attempt(place, request, attempt === MAX_ATTEMPTS);
      if (answer && !isPassing(answer)) return answered(place, request, answer);
      if (answer && attempt === MAX_ATTEMPTS) throw refusal(place, answer);
      await sleep(delayMs(attempt), undefined, { signal });
    }
  }

  /** Undefined when no answer came, and the request may be repeated. */
  async #attempt(
    place: string,
    { method = "GET", path, query, headers, body, signal = this.signal }: GcsRequest,
    isLast: boolean,
  ): Promise<HttpAnswer | undefined> {
    const url = new URL(path, `${endpointOf(this.#config)}/`);
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
    if (isAnonymous(this.#config)) return {};
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const stop = (): void => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    try {
      const headers = this.storage.authClient.getRequestHeaders(url);
      return Object.fromEntries(await Promise.race([headers, aborted]));
    } catch (error) {
      signal.throwIfAborted();
      throw noLogin(place, error);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  close(): void {
    this.#connections.close();
  }
}

function answered(place: string, { expected = [] }: GcsRequest, answer: HttpAnswer): HttpAnswer {
  const { status } = answer;
  if ((status >= 200 && status < 300) || expected.includes(status)) return answer;
  throw refusal(place, answer);
}

/** Up to half as long again, so that many tasks do not retry at the same instant. */
function delayMs(attempt: number): number {
  return FIRST_DELAY_MS * 2 ** (attempt - 1) * (1 + Math.random() / 2);
}
