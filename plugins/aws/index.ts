/**
 * dagsmith/plugins/aws: S3 in streams, Redshift through its Data API, loads from S3 into
 * Redshift or PostgreSQL, and messages of SQS and SNS.
 */
import type { ConnectionType, MessageQueue } from "dagsmith";
import { awsConnection } from "./connection.ts";
import { sqs } from "./messages/sqs.ts";
import { redshiftConnection } from "./redshift_connection.ts";

export type { AwsMessage } from "./messages/message.ts";
export type { Sns, Sqs } from "./messages/session.ts";
export { type SnsPublishOptions, snsHook, snsPublish } from "./messages/sns.ts";
export {
  type SqsQueueOptions,
  type SqsSendOptions,
  sqsHook,
  sqsQueue,
  sqsSend,
} from "./messages/sqs.ts";
export type { Redshift } from "./redshift.ts";
export { redshiftHook } from "./redshift_hook.ts";
export type { RedshiftTableAttributes } from "./redshift_load.ts";
export type { PutOptions, S3, S3Object, S3ObjectHead } from "./s3.ts";
export { s3Hook } from "./s3_hook.ts";
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

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [awsConnection, redshiftConnection];

/** The message queues of this plugin. */
export const messageQueues: readonly MessageQueue[] = [sqs];
