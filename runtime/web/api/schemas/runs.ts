/** What the API answers about runs. */
import { z } from "zod";
import { TASK_EVENTS } from "../../../../sdk/spec/index.ts";
import { TASK_STATES } from "../../../state/task_state.ts";
import { RUN_TYPES } from "../../../store/runs/dag_run.ts";
import { runState, when } from "./common.ts";

export const run = z
  .object({
    id: z.int(),
    dagId: z.string(),
    runId: z.string(),
    runType: z.enum(RUN_TYPES),
    state: runState,
    version: z.int().meta({ description: "The version of the DAG that the run is pinned to" }),
    logicalDate: when,
    dataIntervalStart: when,
    dataIntervalEnd: when,
    partitionKey: z.string().nullable(),
    queuedAt: when,
    startedAt: when.nullable(),
    finishedAt: when.nullable(),
    reason: z.string().nullable(),
    warnings: z.int().meta({ description: "Tasks whose failure is allowed" }),
    params: z.json(),
    note: z.string().nullable(),
    labels: z.record(z.string(), z.string()),
    backfill: z.int().nullable().meta({ description: "The backfill that ran it last" }),
  })
  .meta({ id: "Run" });

export const runDetail = run
  .extend({
    trigger: z
      .json()
      .nullable()
      .meta({ description: "What created it, for assets or an event: {type, name, events}" }),
    caller: z
      .object({
        ...{ run: z.int(), dagId: z.string(), runId: z.string() },
        ...{ taskId: z.string(), mapIndex: z.int() },
      })
      .nullable()
      .meta({ description: "The task instance that called it" }),
  })
  .meta({ id: "RunDetail" });

export const runs = z.object({ runs: z.array(run), next: z.int().nullable() });

export const created = z.object({ id: z.int(), runId: z.string() }).meta({ id: "CreatedRun" });

export const why = z
  .object({
    dagId: z.string(),
    runId: z.string(),
    state: runState,
    tasks: z.array(
      z.object({
        taskId: z.string(),
        mapIndex: z.int().meta({
          description:
            "The first of the instances that wait for the same; -1 when the task is not mapped",
        }),
        state: z.enum(["none", ...TASK_STATES]),
        instances: z.int(),
        reasons: z
          .array(z.object({ gate: z.string(), text: z.string() }))
          .meta({ description: "All conditions that are not met" }),
      }),
    ),
  })
  .meta({ id: "Why" });

export const callback = z.object({
  id: z.int(),
  taskId: z.string().nullable().meta({ description: "Null: the callback is of the run" }),
  mapIndex: z.int().nullable(),
  tryNumber: z.int().nullable(),
  event: z.enum([...TASK_EVENTS, "deadline"]),
  ordinal: z.int(),
  state: z.enum(["queued", "running", "success", "failed"]),
  reason: z.string().nullable(),
  failure: z.string().nullable().meta({ description: "Why the callback itself failed" }),
  attempts: z.int(),
  createdAt: when,
  finishedAt: when.nullable(),
});

export const callbacks = z.object({
  callbacks: z.array(
    callback.extend({
      lines: z.array(
        z.object({ time: z.string(), level: z.string(), source: z.string(), text: z.string() }),
      ),
    }),
  ),
});

export const eventSent = z.object({
  resumed: z.int().meta({ description: "How many task instances resumed" }),
});
