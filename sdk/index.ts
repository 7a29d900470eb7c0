/**
 * dagsmith: what DAG files and plugins import. The lowest part of the house: it does no
 * input or output, and reads no database and no environment.
 */
export type { CalendarDuration } from "./calendar_duration.ts";
export { type Connection, parseConnection } from "./connection.ts";
export {
  type ConnectionType,
  type ConnectionTypeOptions,
  connectionType,
} from "./connection_type.ts";
export { type Dag, dag, isDag } from "./dag/dag.ts";
export type { DagOptions, ParamsSchema } from "./dag/dag_options.ts";
export type { OutputRefs, OutputValues } from "./dag/dag_output.ts";
export type { GroupBuilder } from "./dag/group_builder.ts";
export type { GroupOptions, LoopGroupOptions, MappedGroupOptions } from "./dag/group_options.ts";
export type { Lists, TaskGroup } from "./dag/task_group.ts";
export { type Duration, durationMs } from "./duration.ts";
export { errorMessage, errorTitle } from "./error_message.ts";
export { DagsmithError, type ErrorCode, isDagsmithError } from "./errors.ts";
export { BundledFolder, type FolderOptions, folder } from "./files/folder.ts";
export {
  type FileContent,
  type FileRef,
  isFileRef,
  type TaskFiles,
} from "./files/task_files.ts";
export { defineHook, type HookContext, type HookDefinition, type HookRef } from "./hook.ts";
export type { Json, JsonOutput, NotJson } from "./json.ts";
export { loadPackage } from "./load_package.ts";
export type {
  MessageQueue,
  QueueContext,
  QueueReader,
  ReceivedMessage,
} from "./message_queue.ts";
export type {
  ObjectAddress,
  ObjectBackend,
  ObjectFolder,
  ObjectHead,
  PutObjectOptions,
  StoredObject,
} from "./objects/object_backend.ts";
export { CRON_PRESETS } from "./schedule/cron_presets.ts";
export type { Schedule, Schedules } from "./schedule/schedule.ts";
export {
  atInstants,
  type CronTriggerOptions,
  cron,
  cronTrigger,
  deltaTrigger,
  every,
  type JitterOptions,
  type PartitionOptions,
  partitioned,
  type ScheduleRule,
  type TickOptions,
} from "./schedule/schedule_rules.ts";
export {
  type Asset,
  type AssetAlias,
  type AssetEvent,
  type AssetExpression,
  type AssetSchedule,
  allOf,
  anyOf,
  asset,
  assetAlias,
  type TimeOrAssets,
  timeOrAssets,
} from "./sources/asset.ts";
export {
  type AnyDag,
  type DagRunEnd,
  dagRun,
  type SourceDag,
  type WhenRunEnd,
} from "./sources/dag_run.ts";
export type { EventSource } from "./sources/event.ts";
export {
  type MessageBatches,
  type MessagesOptions,
  messages,
  type QueueMessage,
  type WhenMessage,
} from "./sources/messages.ts";
export {
  type PostgresChangesOptions,
  postgresChanges,
  type RowChange,
  type RowKey,
  type WhenChange,
} from "./sources/postgres_changes.ts";
export type { RunTrigger, TriggeredBy } from "./sources/trigger.ts";
export {
  type WebhookCall,
  type WebhookOptions,
  type WhenFields,
  webhook,
} from "./sources/webhook.ts";
export type { Catchup, CatchupOrder, Role, TriggerRule, WeightRule } from "./spec/index.ts";
export { identifier, joinSql, Sql, type SqlValue, sql, sqlFromTemplate } from "./sql.ts";
export type { AnswerOf, AskOptions, FormSchema, NoRetries } from "./task/ask.ts";
export type { BranchChoice, ShortCircuitOptions, SwitchOptions } from "./task/branching.ts";
export type {
  CallableDag,
  Called,
  CallOptions,
  CallParams,
  CallResult,
  ParamsOf,
} from "./task/call.ts";
export {
  type AverageRuntime,
  averageRuntime,
  type Callback,
  type CallbackContext,
  type Callbacks,
  type Deadline,
  type DeadlineReference,
  type RunCallbacks,
  type TaskCallbacks,
} from "./task/callback.ts";
export {
  type DataInterval,
  type FromContext,
  resolveField,
  type TaskAssets,
  type TaskBody,
  type TaskContext,
  type XCom,
} from "./task/context.ts";
export {
  concat,
  cross,
  type Each,
  entries,
  type ItemOf,
  type ItemSource,
  type Items,
  type MappedItems,
  over,
  partial,
  zip,
} from "./task/items.ts";
export { type LazyList, type LazyRef, lazy } from "./task/lazy.ts";
export type { GroupLoop, LoopContext, LoopOptions } from "./task/loop.ts";
export { FailTask, RetryAfter, SkipTask, withCode } from "./task/outcome.ts";
export { type FieldOf, type FieldsOf, type PickRef, pick } from "./task/pick.ts";
export type { Rendered, RenderedValue } from "./task/rendered.ts";
export type { RateLimit, RoutingOptions } from "./task/routing.ts";
export type { RunNotes } from "./task/run_notes.ts";
export type {
  MappedSensorOptions,
  Poked,
  SensorBody,
  SensorOptions,
  SensorTiming,
} from "./task/sensor.ts";
export type { StateEntry, StateScope, StateStore } from "./task/state_store.ts";
export type { Step } from "./task/step.ts";
export type { TaskLog } from "./task/task_log.ts";
export type {
  InputRefs,
  InputValues,
  Lineage,
  MappedTaskOptions,
  OutputOf,
  TaskDates,
  TaskDefaults,
  TaskOptions,
} from "./task/task_options.ts";
export type { TaskRef } from "./task/task_ref.ts";
export type { TeardownOptions } from "./task/teardown.ts";
export {
  type ExternalRunOptions,
  externalRun,
  type WaitOptions,
  waitFor,
  waitForEvent,
  waitUntil,
} from "./task/wait.ts";
export { chain, crossDownstream, type Wirable } from "./task/wirable.ts";
