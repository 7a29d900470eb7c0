/** The operator that makes one request. */
import {
  type Duration,
  type FromContext,
  type Json,
  resolveField,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import { bodyOf } from "./answer_body.ts";
import type { HttpCallOptions } from "./client.ts";
import { operatorError } from "./error.ts";
import { httpHook } from "./hook.ts";

/** The request, and what the task makes of the answer. */
export interface HttpRequestOptions<Output = Json, Context extends TaskContext = TaskContext> {
  /** Id of a connection of type `http` or `https`. */
  readonly http: FromContext<string, Context>;
  /** Default `"GET"`. */
  readonly method?: string;
  /** Under the connection's root. */
  readonly path: FromContext<string, Context>;
  readonly query?: FromContext<NonNullable<HttpCallOptions["query"]>, Context>;
  readonly headers?: FromContext<NonNullable<HttpCallOptions["headers"]>, Context>;
  /** Sent as JSON. */
  readonly json?: FromContext<Json, Context>;
  /** Longest time for one try. Default `"30s"`. */
  readonly timeout?: Duration;
  /**
   * Tries after the first within this task try, for methods that may be repeated. Default
   * 3.
   */
  readonly retries?: number;
  /**
   * Sent as `Idempotency-Key`, and lets a POST be repeated. The same for all tries of the
   * task, so that a retry does not order twice. Default: none.
   */
  readonly idempotencyKey?: FromContext<string, Context>;
  /**
   * The output of the task. Default: the body, parsed when it is JSON (null when empty),
   * else as text in the charset of the answer (UTF-8 when it names none).
   */
  readonly output?: (response: Response, context: Context) => Output | Promise<Output>;
}

/**
 * Makes one request and returns its answer.
 * @throws FailTask for a status that no retry changes (401, 403, 410, …), and for a
 *   refused certificate; HttpError for any other status of 400 or above, and for an
 *   answer that is late, incomplete or missing, or whose body is not what its type says
 * @example
 * const path = ({ logicalDate }: TaskContext) => `/v1/${logicalDate.toISODate()}`;
 * d.task("rates", httpRequest({ http: "rates", path }));
 */
export function httpRequest<Output = Json, Context extends TaskContext = TaskContext>(
  options: HttpRequestOptions<Output, Context>,
): TaskBody<Output, Context> {
  return async function httpRequest(context) {
    const client = await context.hook(httpHook(await resolveField(options.http, context)));
    const path = await resolveField(options.path, context);
    const method = options.method ?? "GET";
    const call = await callOptions(options, context);
    context.rendered({ request: `${method} ${path}`, query: call.query, json: call.json });
    const response = await client.request(method, path, call).catch((error: unknown) => {
      throw operatorError(error);
    });
    // Without `output`, Output is its default, Json.
    return options.output
      ? options.output(response, context)
      : ((await bodyOf(response, `${method} ${new URL(response.url).pathname}`)) as Output);
  };
}

async function callOptions<Context extends TaskContext>(
  options: Omit<HttpRequestOptions<unknown, Context>, "output">,
  context: Context,
): Promise<HttpCallOptions> {
  const { query, headers, json, timeout, retries, idempotencyKey } = options;
  return {
    ...(query === undefined ? {} : { query: await resolveField(query, context) }),
    ...(headers === undefined ? {} : { headers: await resolveField(headers, context) }),
    ...(json === undefined ? {} : { json: await resolveField(json, context) }),
    ...(idempotencyKey === undefined
      ? {}
      : { idempotencyKey: await resolveField(idempotencyKey, context) }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(retries === undefined ? {} : { retries }),
  };
}
