/** What a DAG may say of itself as a whole. Apart from the builder, which only keeps it; describe.ts reads it. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Duration } from "../duration.ts";
import type { Schedule, Schedules } from "../schedule/schedule.ts";
import type { AssetSchedule } from "../sources/asset.ts";
import type { EventSource } from "../sources/event.ts";
import type { Catchup, CatchupOrder } from "../spec/index.ts";
import { RUN_EVENTS } from "../spec/index.ts";
import type { Deadline, RunCallbacks } from "../task/callback.ts";
import type { TaskDefaults } from "../task/task.ts";

/** Any Standard Schema (zod, valibot, arktype…). Zod also gives the trigger form its fields. */
export type ParamsSchema = StandardSchemaV1;
/** No schema: a run is given no params. */
export type NoParams = StandardSchemaV1<unknown, Readonly<Record<string, never>>>;

/** Options of a DAG. */
export interface DagOptions<Schema extends ParamsSchema = ParamsSchema> extends RunCallbacks {
  /** When it runs: one schedule, several by name, or assets that it waits for. Default null: only when somebody asks. */
  readonly schedule?: Schedule | Schedules | AssetSchedule;
  /** Events that start runs, beside the schedule. Default: none. */
  readonly on?: readonly EventSource[];
  /** First logical date, inclusive; ISO 8601, read in {@link timezone} when it names no offset. */
  readonly startDate?: string;
  /** Last logical date, inclusive. */
  readonly endDate?: string;
  /** IANA name, in which cron is read and dates are given to tasks. Default `"UTC"`. */
  readonly timezone?: string;
  /** Missed intervals: `true` or `"all"`, `false` or `"last"` (the latest one), or `"none"`. Default `"last"`. */
  readonly catchup?: boolean | Catchup;
  /** With catchup `"all"`, which missed interval runs first. Default `"oldest"`; `"newest"` brings today's numbers before last year's. */
  readonly catchupOrder?: CatchupOrder;
  /** At most this many runs at once. Default 16. */
  readonly maxActiveRuns?: number;
  /** At most this many of its task instances at once, over all its runs. Default: no limit. */
  readonly maxActiveTasks?: number;
  /** At most this many task instances at once within each run. Default: no limit. */
  readonly maxActiveTasksPerRun?: number;
  /** The first task that fails ends its run: what runs fails, what has not begun is skipped, but for teardowns. Default false. */
  readonly failFast?: boolean;
  /** Longest time from a run's start to its end; then it fails, and its unfinished tasks are skipped. Default: no limit. */
  readonly dagRunTimeout?: Duration;
  /** Pauses the DAG when as many of its runs failed one after the other. Default 0: never. */
  readonly maxConsecutiveFailedDagRuns?: number;
  /** Starts paused when it is first deployed. Default false. */
  readonly pausedAtCreation?: boolean;
  /** The schema of the params that a run may be given. */
  readonly params?: Schema;
  /** Options for every task that does not set them itself. The types of inputs do not see a `triggerRule` that is set here. */
  readonly defaults?: TaskDefaults;
  /** By when runs should have succeeded. */
  readonly deadlines?: readonly Deadline[];
  readonly description?: string;
  readonly tags?: readonly string[];
}

/** The names of these options; any other is refused. */
export const DAG_OPTIONS = [
  ...["schedule", "on", "startDate", "endDate", "timezone", "catchup", "catchupOrder"],
  ...[
    "maxActiveRuns",
    "maxActiveTasks",
    "maxActiveTasksPerRun",
    "failFast",
    "dagRunTimeout",
    "maxConsecutiveFailedDagRuns",
  ],
  ...["pausedAtCreation", "params", "defaults", "description", "tags", ...RUN_EVENTS, "deadlines"],
] as const satisfies readonly (keyof DagOptions)[];
