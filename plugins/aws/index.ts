/** dagsmith/plugins/aws: S3 in streams, Redshift through its Data API, and loads from S3 into Redshift or PostgreSQL. */
export { type Redshift, redshiftHook } from "./redshift.ts";
export type { RedshiftTableAttributes } from "./redshift_load.ts";
export { type PutOptions, type S3, type S3Object, type S3ObjectHead, s3Hook } from "./s3.ts";
export { type FoundObject, type S3KeySensorOptions, s3KeySensor } from "./s3_sensor.ts";
export type { S3LoadFields } from "./s3_source.ts";
export {
  type RedshiftSqlOptions,
  redshiftSql,
  type S3ToPostgresOptions,
  type S3ToRedshiftOptions,
  s3ToPostgres,
  s3ToRedshift,
} from "./s3_to_warehouse.ts";
