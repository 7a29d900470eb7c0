/**
 * dagsmith/plugins/http: a client of one HTTP service, an operator that makes one
 * request, and a sensor. They use Node's own fetch.
 */
import type { ConnectionType } from "dagsmith";
import { httpConnection } from "./connection.ts";

export { type HttpCallOptions, HttpClient, type HttpDownloadOptions } from "./client.ts";
export { HttpError } from "./error.ts";
export { httpHook } from "./hook.ts";
export { type HttpRequestOptions, httpRequest } from "./request.ts";
export { type HttpSensorOptions, httpSensor } from "./sensor.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [httpConnection];
