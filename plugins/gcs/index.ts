/**
 * dagsmith/plugins/gcs: Google Cloud Storage. On @google-cloud/storage, an optional
 * package. Its connection type is in dagsmith/plugins/google.
 */
export { type GcsBucketOptions, gcsBucket } from "./bucket_operator.ts";
export type { BucketOptions } from "./create_bucket.ts";
export { type Gcs, gcsHook } from "./gcs_hook.ts";
