/** The operators that dagsmith has, by their names in Airflow. */
import { tableOf } from "../table_of.ts";
import {
  localFilesystemToS3,
  s3CopyObject,
  s3CreateObject,
  s3DeleteObjects,
  s3KeySensor,
} from "./aws.ts";
import { bashOperator } from "./bash.ts";
import type { Declaration } from "./declaration.ts";
import { dockerOperator } from "./docker.ts";
import {
  branchDayOfWeekOperator,
  dateTimeSensor,
  dayOfWeekSensor,
  emptyOperator,
  externalTaskSensor,
  latestOnlyOperator,
  timeDeltaSensor,
  timeSensor,
  triggerDagRunOperator,
} from "./flow.ts";
import { httpOperator, httpSensor } from "./http.ts";
import { emailOperator, slackOperator } from "./messages.ts";
import type { OperatorCall } from "./operator_call.ts";
import { fileSensor } from "./sensor_options.ts";
import { sqlOperator, sqlSensor } from "./sql.ts";

/** @throws NotCarried when this use of the operator has no counterpart */
type Translate = (call: OperatorCall) => Declaration;

export const OPERATORS: Readonly<Record<string, Translate>> = tableOf({
  BashOperator: bashOperator,
  BranchDayOfWeekOperator: branchDayOfWeekOperator,
  DateTimeSensor: dateTimeSensor,
  DateTimeSensorAsync: dateTimeSensor,
  DayOfWeekSensor: dayOfWeekSensor,
  DockerOperator: dockerOperator,
  DummyOperator: emptyOperator,
  EmailOperator: emailOperator,
  EmptyOperator: emptyOperator,
  ExternalTaskSensor: externalTaskSensor,
  FileSensor: fileSensor,
  HttpOperator: httpOperator,
  HttpSensor: httpSensor,
  LatestOnlyOperator: latestOnlyOperator,
  LocalFilesystemToS3Operator: localFilesystemToS3,
  PostgresOperator: sqlOperator,
  S3CopyObjectOperator: s3CopyObject,
  S3CreateObjectOperator: s3CreateObject,
  S3DeleteObjectsOperator: s3DeleteObjects,
  S3KeySensor: s3KeySensor,
  SQLExecuteQueryOperator: sqlOperator,
  SimpleHttpOperator: httpOperator,
  SlackAPIPostOperator: slackOperator,
  SlackWebhookOperator: slackOperator,
  SqlSensor: sqlSensor,
  TimeDeltaSensor: timeDeltaSensor,
  TimeDeltaSensorAsync: timeDeltaSensor,
  TimeSensor: timeSensor,
  TimeSensorAsync: timeSensor,
  TriggerDagRunOperator: triggerDagRunOperator,
});
