/** The options of a DAG as a whole. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Duration } from "../duration.ts";
import type { Schedule, Schedules } from "../schedule/schedule.ts";
import type { AssetSchedule } from "../sources/asset.ts";
import type { EventSource } from "../sources/event.ts";
import { type Catchup, type CatchupOrder, RUN_EVENTS } from "../spec/index.ts";
import type { Deadline, RunCallbacks } from "../task/callback.ts";
import type { TaskDefaults } from "../task/task_options.ts";

/**
 * The schema of a DAG's params: any Standard Schema (zod, valibot, arktype…). A schema of
 * zod also gives the trigger form its fields.
 * @example const params: ParamsSchema = z.object({ day: z.iso.date() });
 */
export type ParamsSchema = StandardSchemaV1;
/** No schema: runs have no params. */
export type NoParams = StandardSchemaV1<unknown, Readonly<Record<string, never>>>;

/**
 * Options of a DAG.
 * @example
 * dag("report", {
 *   schedule: "@daily", startDate: "2026-01-01", timezone: "Europe/Berlin",
 *   defaults: { retries: 2 }, params: z.object({ region: z.string().default("eu") }),
 * });
 */
export interface DagOptions<Schema extends ParamsSchema = ParamsSchema> extends RunCallbacks {
  /**
   * When it runs: one schedule, several schedules by name, or assets that it waits for.
   * Default null: manual runs only.
   */
  readonly schedule?: Schedule | Schedules | AssetSchedule;
  /** Events that start runs besides the schedule. Default: none. */
  readonly on?: readonly EventSource[];
  /**
   * First logical date, inclusive: ISO 8601, read in {@link timezone} when it names no
   * offset. Default: no bound.
   */
  readonly startDate?: string;
  /** Last logical date, inclusive; written as the start date. Default: no bound. */
  readonly endDate?: string;
  /**
   * IANA name: the zone in which cron is read and tasks get their dates. Default `"UTC"`.
   */
  readonly timezone?: string;
  /**
   * Missed intervals: `true` or `"all"`, `false` or `"last"` (the latest complete
   * interval), or `"none"`. Default `"last"`.
   */
  readonly catchup?: boolean | Catchup;
  /**
   * With catchup `"all"`: which missed interval runs first. Default `"oldest"`.
   * `"newest"` brings today's numbers before last year's.
   */
  readonly catchupOrder?: CatchupOrder;
  /** Most runs at the same time. Default 16. */
  readonly maxActiveRuns?: number;
  /** Most task instances at the same time over all its runs. Default: no limit. */
  readonly maxActiveTasks?: number;
  /** Most task instances at the same time within each run. Default: no limit. */
  readonly maxActiveTasksPerRun?: number;
  /**
   * Ends a run at the first failed task: running tasks fail, and tasks that have not
   * begun are skipped, except teardowns. Default false. Airflow: fail_fast.
   */
  readonly failFast?: boolean;
  /**
   * Longest time from a run's start to its end; then the run fails, and its unfinished
   * tasks are skipped. Default: no limit. Airflow: dagrun_timeout.
   */
  readonly dagRunTimeout?: Duration;
  /**
   * Pauses the DAG when this many of its runs failed one after the other. Default 0:
   * never.
   */
  readonly maxConsecutiveFailedDagRuns?: number;
  /** Whether the DAG is paused when it is first deployed. Default false. */
  readonly pausedAtCreation?: boolean;
  /** The schema of the params of a run. Default: no params. */
  readonly params?: Schema;
  /**
   * Options for every task that does not set them itself. The types of inputs do not see
   * a `triggerRule` that is set here. Default: none.
   */
  readonly defaults?: TaskDefaults;
  /** Times by which runs should have succeeded. Default: none. */
  readonly deadlines?: readonly Deadline[];
  /**
   * The ids of the connections that its tasks and callbacks may ask for; any other is
   * refused with `CONNECTION_NOT_ALLOWED`. Default: every connection.
   */
  readonly connections?: readonly string[];
  /** One or two sentences for the page. */
  readonly description?: string;
  /** What people on call should know, as Markdown, for the page. Default: none. */
  readonly doc?: string;
  /** Words by which the page and `dag list` can be filtered. Default: none. */
  readonly tags?: readonly string[];
}

/** The names of these options. Any other name is refused. */
export const DAG_OPTIONS = [
  "schedule",
  "on",
  "startDate",
  "endDate",
  "timezone",
  "catchup",
  "catchupOrder",
  "maxActiveRuns",
  "maxActiveTasks",
  "maxActiveTasksPerRun",
  "failFast",
  "dagRunTimeout",
  "maxConsecutiveFailedDagRuns",
  "pausedAtCreation",
  "params",
  "defaults",
  "connections",
  "description",
  "doc",
  "tags",
  "deadlines",
  ...RUN_EVENTS,
] as const satisfies readonly (keyof DagOptions)[];
