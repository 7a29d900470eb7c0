/** What the API answers about DAGs. */
import { z } from "zod";
import { WAIT_REASONS } from "../../../scheduler/decisions/waiting_intervals.ts";
import { SKIP_REASONS } from "../../../store/dags/schedule_decision.ts";
import { runState, when } from "./common.ts";

const recentRun = z.object({
  id: z.int(),
  runId: z.string(),
  state: runState,
  logicalDate: when,
  startedAt: when.nullable(),
  finishedAt: when.nullable(),
});

const dag = z
  .object({
    dagId: z.string(),
    isPaused: z.boolean(),
    pauseReason: z.string().nullable().meta({ description: "Why dagsmith itself paused it" }),
    nextRunAfter: when.nullable(),
    scheduleError: z.string().nullable(),
    version: z.int().nullable(),
    file: z.string().nullable(),
    description: z.string().nullable(),
    tags: z.array(z.string()),
    assets: z
      .json()
      .nullable()
      .meta({ description: "The assets it waits for: {asset}, {alias}, {all: […]} or {any: […]}" }),
    on: z
      .array(z.looseObject({ type: z.string(), name: z.string() }))
      .meta({ description: "The events that start it" }),
    schedules: z.array(
      z.object({
        name: z.string(),
        schedule: z.looseObject({ type: z.string() }),
        params: z.json(),
      }),
    ),
    timezone: z.string(),
    runs: z.array(recentRun).meta({ description: "The last 14 runs, oldest first" }),
  })
  .meta({ id: "Dag" });

export const dagDetail = z
  .object({
    dagId: z.string(),
    isPaused: z.boolean(),
    pauseReason: z.string().nullable().meta({ description: "Why dagsmith itself paused it" }),
    removedAt: when.nullable(),
    nextRunAfter: when.nullable(),
    scheduleError: z.string().nullable(),
    atCapacity: z
      .boolean()
      .meta({ description: "True while it has maxActiveRuns active runs, and its schedules wait" }),
    nextRuns: z
      .array(z.object({ schedule: z.string(), runAfter: when.nullable() }))
      .meta({ description: "When each schedule is due; null: never again" }),
    version: z.int(),
    file: z.string(),
    deployedAt: when,
    subscriptions: z
      .array(
        z.object({ name: z.string(), installedAt: when.nullable(), error: z.string().nullable() }),
      )
      .meta({ description: "Sources of row changes, as installed by: dag changes install" }),
    messageSources: z
      .array(
        z.object({
          ...{ name: z.string(), error: z.string().nullable(), receivedAt: when.nullable() },
          ...{ unreadable: z.int(), lastUnreadable: z.string().nullable() },
        }),
      )
      .meta({ description: "Sources of messages, with what was read of their queues" }),
    spec: z.looseObject({ dagId: z.string() }).meta({ description: "The spec of the DAG" }),
  })
  .meta({ id: "DagDetail" });

const dagDecision = z
  .object({
    schedule: z.string().meta({ description: "Empty for the only schedule of a DAG" }),
    decision: z.enum(["run", "skipped", "waiting"]),
    reason: z
      .enum([...new Set([...SKIP_REASONS, ...WAIT_REASONS])])
      .nullable()
      .meta({ description: "Why it has no run; null when it has one one one" }),
    detail: z.string().nullable(),
    count: z
      .int()
      .nullable()
      .meta({ description: "Consecutive intervals with this decision; null: too many to count" }),
    logicalDate: when.nullable(),
    lastLogicalDate: when.nullable(),
    dataIntervalStart: when.nullable(),
    dataIntervalEnd: when.nullable(),
    runAfter: when.nullable(),
    runId: z.string().nullable(),
    run: z.int().nullable(),
    runState: runState.nullable(),
    decidedAt: when.nullable(),
  })
  .meta({ id: "Decision" });

export const dags = z.object({ dags: z.array(dag), next: z.string().nullable() });

export const dagDecisions = z.object({
  decisions: z.array(dagDecision),
  next: z.string().nullable().meta({ description: "`after` of the next page" }),
});
