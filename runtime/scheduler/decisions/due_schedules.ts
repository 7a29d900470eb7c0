/**
 * The arguments of a decision about a due DAG: the same for the whole DAG and for each of
 * its schedules.
 */
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { DueDag } from "../../store/dags/dag.ts";
import type { ScheduleMemory } from "../../store/dags/dag_schedule.ts";
import type { Ask } from "./interval_walk.ts";

/** A DAG that is due, and what its schedules need. */
export interface DueSchedules {
  readonly dag: DueDag;
  readonly spec: DagSpec;
  readonly memories: readonly ScheduleMemory[];
  /** Runs that are queued or running, without those of backfills. */
  readonly active: number;
  readonly now: Date;
  /** Most runs to create in this pass. Default 1,000. */
  readonly mostRuns?: number;
  /** Most skipped intervals to count one by one. Default 1,000. */
  readonly mostCounted?: number;
  /** Processor time spent on this DAG so far, in milliseconds. */
  readonly spentMs?: () => number;
  /** Calls the timetables; tests replace it. */
  readonly ask?: Ask;
}
