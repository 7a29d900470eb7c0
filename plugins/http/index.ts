/**
 * dagsmith/plugins/http: a client of one HTTP service, operators that make one request or
 * store its answer as a file, and a sensor. They use Node's own fetch.
 */
import type { ConnectionType } from "dagsmith";
import { httpConnection } from "./connection.ts";

export { type HttpCallOptions, HttpClient, type HttpDownloadOptions } from "./client.ts";
export { type HttpDownloadTaskOptions, httpDownload } from "./download.ts";
export { HttpError } from "./error.ts";
export { httpHook } from "./hook.ts";
export type { HttpPaging } from "./paging.ts";
export { type HttpRequestOptions, httpRequest } from "./request.ts";
export { type HttpSensorOptions, httpSensor } from "./sensor.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [httpConnection];
