/**
 * dagsmith/plugins/gcs: Google Cloud Storage. On @google-cloud/storage, an optional
 * package. Its connection type is in dagsmith/plugins/google.
 */
export { type Gcs, gcsHook } from "./gcs_hook.ts";
