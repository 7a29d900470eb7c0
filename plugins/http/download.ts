/** The operator that stores the answer of a service as a file. */
import {
  type FileRef,
  type FromContext,
  resolveField,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import type { HttpDownloadOptions } from "./client.ts";
import { operatorError } from "./error.ts";
import { httpHook } from "./hook.ts";

/** The request, and the file of the task that its answer becomes. */
export interface HttpDownloadTaskOptions<Context extends TaskContext = TaskContext>
  extends Pick<HttpDownloadOptions, "gunzip" | "timeout" | "retries"> {
  /** Id of a connection of type `http` or `https`. */
  readonly http: FromContext<string, Context>;
  /** Under the connection's root. */
  readonly path: FromContext<string, Context>;
  /** The name of the file. */
  readonly file: FromContext<string, Context>;
  readonly query?: FromContext<NonNullable<HttpDownloadOptions["query"]>, Context>;
  readonly headers?: FromContext<NonNullable<HttpDownloadOptions["headers"]>, Context>;
}

/**
 * Downloads into a file of the task, in flat memory. An answer that breaks off leaves no
 * file.
 * @throws FailTask for a status that no retry changes (401, 403, 410, …), and for a
 *   refused certificate; HttpError for any other status of 400 or above; DagsmithError as
 *   `files.put`
 * @example
 * const path = ({ logicalDate }: TaskContext) => `/trips/${logicalDate.toISODate()}.csv`;
 * d.task("fetch", httpDownload({ http: "trips", path, file: "trips.csv" }));
 */
export function httpDownload<Context extends TaskContext = TaskContext>(
  options: HttpDownloadTaskOptions<Context>,
): TaskBody<FileRef, Context> {
  return async function httpDownload(context) {
    const { gunzip, timeout, retries, headers } = options;
    const client = await context.hook(httpHook(await resolveField(options.http, context)));
    const path = await resolveField(options.path, context);
    const file = await resolveField(options.file, context);
    const query = await resolveField(options.query, context);
    context.rendered({ request: `GET ${path}`, query, file });
    try {
      const content = await client.download(path, {
        ...(query !== undefined && { query }),
        ...(headers !== undefined && { headers: await resolveField(headers, context) }),
        ...(gunzip !== undefined && { gunzip }),
        ...(timeout !== undefined && { timeout }),
        ...(retries !== undefined && { retries }),
      });
      return await context.files.put(file, content);
    } catch (error) {
      throw operatorError(error);
    }
  };
}
