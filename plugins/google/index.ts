/**
 * dagsmith/plugins/google: what plugins of Google Cloud share: the connection type, and
 * requests that are logged in, repeated and named.
 */
import type { ConnectionType } from "dagsmith";
import { googleConnection } from "./connection.ts";

export { endpointOf, type GoogleConfig, type GoogleService, loginOf } from "./config.ts";
export { googleConnection } from "./connection.ts";
export { type Remedies, refusal } from "./google_error.ts";
export { type HttpAnswer, jsonBody } from "./google_http.ts";
export { type GoogleRequest, GoogleSession, type GoogleSessionParts } from "./google_session.ts";
export { resumableUpload } from "./resumable_upload.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [googleConnection];
