/**
 * DAGs as plain JSON: what the scheduler, the engine and the page know of a DAG. They
 * never load user code. The DAG builder makes these shapes, runtime/ reads them, and the
 * database stores them.
 */
export type { AssetCondition } from "./assets.ts";
export {
  type DeadlineSpec,
  RUN_EVENTS,
  TASK_EVENTS,
  type TaskEvent,
} from "./callbacks.ts";
export {
  type Catchup,
  type CatchupOrder,
  type DagSpec,
  type GroupSpec,
  type Position,
  SPEC_FORMAT,
} from "./dag.ts";
export type { EachSpec } from "./each.ts";
export type { EventSpec } from "./events.ts";
export type { TaskKind, TaskRules } from "./kind.ts";
export { type AskSpec, type QuestionSpec, ROLES, type Role } from "./question.ts";
export {
  DEFAULT_QUEUE,
  EVERY_TASK,
  type LateKeys,
  ROUTE_NAME,
  type RoutingSpec,
  WEIGHT_RULES,
  type WeightRule,
} from "./routing.ts";
export type { CalendarLength, Jitter, NamedSchedule, ScheduleSpec } from "./schedule.ts";
export type { SensorSpec } from "./sensor.ts";
export { type TaskSpec, TRIGGER_RULES, type TriggerRule } from "./task.ts";
export type { CallSpec, WaitLimit, WaitSpec } from "./wait.ts";
