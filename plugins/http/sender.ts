/**
 * Sends requests of one service: with its login, with a time limit for each try, and
 * again after errors that pass.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Duration, durationMs, type HookContext } from "dagsmith";
import { AccessToken } from "./access_token.ts";
import { failure, HttpError, refusal } from "./error.ts";
import { type Redirectable, sendFollowing } from "./redirect.ts";
import { delayAfterFailure, delayAfterStatus, retryAfterMs } from "./retry.ts";
import type { HttpService } from "./service.ts";
import { received, type Transport, transportOf } from "./transport.ts";

const DEFAULT_TIMEOUT: Duration = "30s";
const DEFAULT_RETRIES = 3;

/** A request, before the login is known. */
export interface Call extends Omit<Redirectable, "signal"> {
  readonly url: URL;
  readonly timeout?: Duration | undefined;
  /** Tries after the first. Default 3. */
  readonly retries?: number | undefined;
  /** False: return as soon as the headers arrive. */
  readonly whole: boolean;
}

export class Sender {
  readonly #transport: Transport;
  readonly #context: HookContext;
  readonly #token: AccessToken | null;

  constructor({ root, tls, token }: HttpService, context: HookContext) {
    this.#transport = transportOf(root, tls);
    this.#context = context;
    this.#token =
      token && new AccessToken(token, tls, (url, form) => this.#repeat({ ...posted(form), url }));
  }

  /** @throws HttpError for a status of 400 or above, and without a whole answer */
  async send(call: Call): Promise<Response> {
    if (this.#token === null || "authorization" in call.headers) return this.#repeat(call);
    const token = await this.#token.get();
    try {
      return await this.#repeat(withToken(call, token));
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 401) throw error;
      return this.#repeat(withToken(call, await this.#token.get(token)));
    }
  }

  async #repeat(call: Call): Promise<Response> {
    const retries = call.retries ?? DEFAULT_RETRIES;
    for (let attempt = 0; ; attempt += 1) {
      const { response, error } = await this.#attempt(call);
      if (response?.ok) return response;
      const delayMs = response
        ? delayAfterStatus(response, attempt)
        : delayAfterFailure(error, attempt);
      const problem = await problemOf(call, response, error);
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
      const response = await sendFollowing(this.#transport, call.url, {
        ...{ method: call.method, headers: call.headers },
        ...(call.body && { body: call.body }),
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
}

/** Two tokens do no harm, so this POST is repeated. */
function posted(form: { readonly headers: Call["headers"]; readonly body: string }) {
  return { method: "POST", headers: form.headers, body: () => form.body, whole: true };
}

const withToken = (call: Call, token: string): Call => ({
  ...call,
  headers: { authorization: `Bearer ${token}`, ...call.headers },
});

async function problemOf(
  { method, url }: Call,
  response: Response | undefined,
  error: unknown,
): Promise<HttpError> {
  const request = `${method} ${url.pathname}`;
  if (!response) return failure(request, url.host, error);
  const waitMs = retryAfterMs(response.headers.get("retry-after"), Date.now());
  return refusal(request, url.host, response, waitMs);
}
