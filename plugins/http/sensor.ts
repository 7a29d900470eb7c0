/** The sensor that waits for an answer of a service. */
import { type FromContext, resolveField, type SensorBody, type TaskContext } from "dagsmith";
import type { HttpCallOptions } from "./client.ts";
import { HttpError, operatorError } from "./error.ts";
import { httpHook } from "./hook.ts";

/** The request, and the condition on its answer. */
export interface HttpSensorOptions<Context extends TaskContext> {
  /** Id of a connection of type `http` or `https`. */
  readonly http: FromContext<string, Context>;
  /** Under the connection's root. */
  readonly path: FromContext<string, Context>;
  /** Default `"GET"`. */
  readonly method?: string;
  readonly query?: FromContext<NonNullable<HttpCallOptions["query"]>, Context>;
  readonly headers?: FromContext<NonNullable<HttpCallOptions["headers"]>, Context>;
  /** The condition on the answer. Default: any status below 400. */
  readonly until?: (response: Response, context: Context) => boolean | Promise<boolean>;
}

/**
 * Waits until the answer of a service meets a condition. 404 means: not yet. Any other
 * status of 400 or above is an error of the poke.
 * @throws HttpError for such a status, and for an answer that is late, incomplete or
 *   missing
 * @example
 * const until = async (answer: Response) => (await answer.json()).isReady;
 * d.sensor("report", httpSensor({ http: "reports", path: "/today", until }));
 */
export function httpSensor<Context extends TaskContext>(
  options: HttpSensorOptions<Context>,
): SensorBody<null, Context> {
  return async function httpSensor(context) {
    const client = await context.hook(httpHook(await resolveField(options.http, context)));
    const { query, headers } = options;
    const more = {
      ...(query === undefined ? {} : { query: await resolveField(query, context) }),
      ...(headers === undefined ? {} : { headers: await resolveField(headers, context) }),
    };
    try {
      const response = await client.request(
        options.method ?? "GET",
        await resolveField(options.path, context),
        more,
      );
      return options.until ? await options.until(response, context) : true;
    } catch (error) {
      if (error instanceof HttpError && error.status === 404) return false;
      throw operatorError(error);
    }
  };
}
