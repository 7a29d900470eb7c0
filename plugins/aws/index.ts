/** dagsmith/plugins/aws: S3 in streams, Redshift through its Data API, and loads from S3 into a warehouse. */
export { type PutOptions, type S3, type S3Object, type S3ObjectHead, s3Hook } from "./s3.ts";
