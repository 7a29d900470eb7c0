/** A DAG as plain data: the whole of what is stored for one version of a DAG. */
import type { Json } from "../json.ts";
import type { AssetCondition } from "./assets.ts";
import type { DeadlineSpec, RunEvent } from "./callbacks.ts";
import type { EventSpec } from "./events.ts";
import type { NamedSchedule } from "./schedule.ts";
import type { TaskSpec } from "./task.ts";

/**
 * The format of specs. It is part of the hash of every version, so that an upgrade of
 * dagsmith that changes the format makes a new version of every DAG.
 */
export const SPEC_FORMAT = 5;

/**
 * Which missed intervals get a run: every interval (`"all"`), the latest complete
 * interval (`"last"`), or no interval that ended before now (`"none"`). Airflow's
 * `catchup` is `"all"` (true) or `"last"` (false).
 * @example
 * dag("history", { schedule: "@daily", startDate: "2020-01-01", catchup: "all" });
 */
export type Catchup = "all" | "last" | "none";

/**
 * Which missed interval runs first, with `catchup: "all"`.
 * @example
 * dag("history", {
 *   schedule: "@daily",
 *   startDate: "2020-01-01",
 *   catchup: "all",
 *   catchupOrder: "newest",
 * });
 */
export type CatchupOrder = "oldest" | "newest";

/**
 * Where something is declared: a path relative to the DAG folder, and a line counted from
 * 1.
 */
export interface Position {
  readonly file: string;
  readonly line: number;
}

/** A group of tasks. */
export interface GroupSpec {
  /** With the ids of the groups around it: `outer.inner`. */
  readonly groupId: string;
  /** The group around it; null at the top. */
  readonly parent: string | null;
  readonly doc: string | null;
}

/** A DAG. Options that few DAGs set are absent elsewhere. */
export interface DagSpec {
  readonly dagId: string;
  readonly description: string | null;
  /** Markdown. */
  readonly doc?: string;
  readonly tags: readonly string[];
  /** Empty for a DAG without a schedule by time. Several schedules have names. */
  readonly schedules: readonly NamedSchedule[];
  /** The assets that make runs besides the schedules; null for none. */
  readonly assets: AssetCondition | null;
  /** The events that start runs. */
  readonly on: readonly EventSpec[];
  /**
   * Name and extra of the assets that the DAG names, by URI. Assets without either are
   * left out.
   */
  readonly assetDetails: Readonly<
    Record<string, { readonly name: string | null; readonly extra: Json }>
  >;
  /** IANA name: the zone of the dates that a task gets. */
  readonly timezone: string;
  /** First logical date, inclusive: ISO 8601 in UTC. */
  readonly startDate: string | null;
  /** Last logical date, inclusive: ISO 8601 in UTC. */
  readonly endDate: string | null;
  readonly catchup: Catchup;
  /** Absent: the oldest first. */
  readonly catchupOrder?: "newest";
  /** Most runs at the same time. */
  readonly maxActiveRuns: number;
  /** Most task instances at the same time over all runs; absent for no limit. */
  readonly maxActiveTasks?: number;
  /** Most task instances at the same time within each run; absent for no limit. */
  readonly maxActiveTasksPerRun?: number;
  readonly pausedAtCreation: boolean;
  /** Events of a run that have a callback. */
  readonly callbacks?: readonly RunEvent[];
  readonly deadlines?: readonly DeadlineSpec[];
  /** The first failure of a task ends the run. */
  readonly failFast?: true;
  /** Longest time from a run's start to its end. */
  readonly dagRunTimeoutMs?: number;
  /** Pauses the DAG when this many runs failed one after the other. */
  readonly maxConsecutiveFailedDagRuns?: number;
  /** The only connections that its tasks may ask for; absent: all. */
  readonly connections?: readonly string[];
  /** JSON Schema (draft 2020-12) of the params; null when the DAG declares none. */
  readonly paramsSchema: Json | null;
  /**
   * What a call of the DAG returns: a name to the task whose output it is, or to a field
   * of that output.
   */
  readonly output?: Readonly<Record<string, { readonly taskId: string; readonly field?: string }>>;
  /** Outer groups come before the groups inside them. */
  readonly groups?: readonly GroupSpec[];
  /**
   * In topological order: a task comes after all tasks that it depends on, and after its
   * group.
   */
  readonly tasks: readonly TaskSpec[];
}
