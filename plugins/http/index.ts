/** dagsmith/plugins/http: a client of one HTTP service, and an operator that makes one request. On Node's own fetch. */
export { type HttpCallOptions, HttpClient, type HttpDownloadOptions } from "./client.ts";
export { HttpError } from "./error.ts";
export { httpHook } from "./hook.ts";
export { type HttpRequestOptions, httpRequest } from "./request.ts";
export { type HttpSensorOptions, httpSensor } from "./sensor.ts";
