/**
 * dagsmith/plugins/gcs: Google Cloud Storage. On @google-cloud/storage, an optional
 * package.
 */
import type { ConnectionType } from "dagsmith";
import { gcsConnection } from "./connection.ts";

export { type Gcs, gcsHook } from "./gcs_hook.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [gcsConnection];
