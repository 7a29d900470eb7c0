/** What the API answers, as schemas: they describe it in the OpenAPI document, and tests hold the answers to them. */
import { z } from "zod";
import { TASK_EVENTS } from "../../../sdk/callback.ts";
import { WAIT_REASONS } from "../../scheduler/waiting.ts";
import { RUN_STATES } from "../../state/run_state.ts";
import { TASK_STATES } from "../../state/task_state.ts";
import { BACKFILL_STATES, CODE_CHOICES } from "../../store/backfill.ts";
import { RUN_TYPES } from "../../store/dag_run.ts";
import { SKIP_REASONS } from "../../store/slot.ts";

const when = z.iso.datetime({ offset: true });
const runState = z.enum(RUN_STATES);

export const errorAnswer = z.object({ error: z.object({ code: z.string(), message: z.string() }) }).meta({ id: "Error" });

const recentRun = z.object({
  id: z.int(),
  runId: z.string(),
  state: runState,
  logicalDate: when,
  startedAt: when.nullable(),
  finishedAt: when.nullable(),
});

export const dag = z
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
    assets: z.json().nullable().meta({ description: "The assets it waits for: {asset}, {alias}, {all: […]} or {any: […]}" }),
    on: z.array(z.looseObject({ type: z.string(), name: z.string() })).meta({ description: "The events that start it" }),
    schedules: z.array(z.object({ name: z.string(), schedule: z.looseObject({ type: z.string() }), params: z.json() })),
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
    atCapacity: z.boolean().meta({ description: "True while it has as many runs as it may, and its schedules wait" }),
    nextRuns: z
      .array(z.object({ schedule: z.string(), runAfter: when.nullable() }))
      .meta({ description: "When each schedule is due; null: never again" }),
    version: z.int(),
    file: z.string(),
    deployedAt: when,
    watches: z
      .array(z.object({ name: z.string(), installedAt: when.nullable(), error: z.string().nullable() }))
      .meta({ description: "Sources of row changes, as installed by: dag changes install" }),
    spec: z.looseObject({ dagId: z.string() }).meta({ description: "The DAG as declared" }),
  })
  .meta({ id: "DagDetail" });

export const run = z
  .object({
    id: z.int(),
    dagId: z.string(),
    runId: z.string(),
    runType: z.enum(RUN_TYPES),
    state: runState,
    logicalDate: when,
    dataIntervalStart: when,
    dataIntervalEnd: when,
    partitionKey: z.string().nullable(),
    queuedAt: when,
    startedAt: when.nullable(),
    finishedAt: when.nullable(),
    reason: z.string().nullable(),
    warnings: z.int().meta({ description: "Tasks that failed and were allowed to" }),
    params: z.json(),
    note: z.string().nullable(),
    labels: z.record(z.string(), z.string()),
    backfill: z.int().nullable().meta({ description: "The backfill that ran it last" }),
  })
  .meta({ id: "Run" });

export const runDetail = run
  .extend({ trigger: z.json().nullable().meta({ description: "What made it, when assets or an event did: {type, name, events}" }) })
  .meta({ id: "RunDetail" });
export const dagSlot = z
  .object({
    schedule: z.string().meta({ description: "Empty for the only schedule of a DAG" }),
    decision: z.enum(["run", "skipped", "waiting"]),
    reason: z
      .enum([...new Set([...SKIP_REASONS, ...WAIT_REASONS])])
      .nullable()
      .meta({ description: "Why it has no run; null when it has" }),
    detail: z.string().nullable(),
    count: z.int().nullable().meta({ description: "Slots in a row with this decision; null: too many to count" }),
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
  .meta({ id: "Slot" });

const counts = z.object({
  instances: z.int(),
  success: z.int(),
  failed: z.int(),
  skipped: z.int(),
  upstreamFailed: z.int(),
});

export const task = z
  .object({
    taskId: z.string(),
    upstream: z.array(z.string()),
    state: z.enum(["none", ...TASK_STATES]),
    tryNumber: z.int(),
    startedAt: when.nullable(),
    finishedAt: when.nullable(),
    warning: z.boolean().meta({ description: "It failed and was allowed to" }),
    why: z.string().nullable().meta({ description: "Why it is in this state, in words" }),
    mapped: counts.nullable(),
  })
  .meta({ id: "Task" });

const storedError = z.object({ name: z.string(), message: z.string(), stack: z.string() });

export const taskTry = z
  .object({
    tryNumber: z.int(),
    state: z.enum(["lost", ...TASK_STATES]),
    workerId: z.string().nullable(),
    startedAt: when.nullable(),
    finishedAt: when.nullable(),
    reason: z.string().nullable(),
    error: storedError.nullable(),
  })
  .meta({ id: "Try" });

export const instance = z
  .object({
    id: z.int(),
    mapIndex: z.int(),
    label: z.string().nullable(),
    state: z.enum(TASK_STATES),
    tryNumber: z.int(),
    startedAt: when.nullable(),
    finishedAt: when.nullable(),
    reason: z.string().nullable(),
    item: z.string().nullable(),
  })
  .meta({ id: "TaskInstance" });

export const taskDetail = task
  .extend({
    instance: instance.nullable(),
    tries: z.array(taskTry),
    xcoms: z.array(z.object({ key: z.string(), value: z.string(), bytes: z.int() })),
    instances: z.array(instance),
    next: z.string().nullable().meta({ description: "`after` of the next page of instances" }),
  })
  .meta({ id: "TaskDetail" });

export const importError = z
  .object({ file: z.string(), line: z.int().nullable(), code: z.string(), message: z.string(), stack: z.string(), happenedAt: when })
  .meta({ id: "ImportError" });

export const logAnswer = z
  .object({
    lines: z.array(z.object({ time: z.string(), level: z.string(), source: z.string(), text: z.string() })),
    next: z.int().meta({ description: "`after` of the next part" }),
    isComplete: z.boolean().meta({ description: "True when the try is over and these were its last lines" }),
  })
  .meta({ id: "Log" });

export const health = z
  .object({ schedulers: z.int(), workers: z.int(), slots: z.int(), schedulerAgeSeconds: z.number().nullable() })
  .meta({ id: "Health" });

export const asset = z
  .object({
    uri: z.string(),
    name: z.string().nullable(),
    extra: z.json(),
    producers: z.array(z.object({ dagId: z.string(), taskId: z.string() })),
    readers: z.array(z.object({ dagId: z.string(), taskId: z.string() })),
    consumers: z.array(z.object({ dagId: z.string(), isUpdated: z.boolean() })),
    lastEventAt: when.nullable(),
  })
  .meta({ id: "Asset" });
export const assetEvent = z
  .object({
    id: z.int(),
    uri: z.string(),
    at: when,
    extra: z.json(),
    source: z.object({ dagId: z.string(), runId: z.string(), taskId: z.string(), mapIndex: z.int() }).nullable(),
    actor: z.string().nullable().meta({ description: "Who said so, when it was no task" }),
  })
  .meta({ id: "AssetEvent" });
export const assets = z.object({ assets: z.array(asset), next: z.string().nullable() });
export const assetEvents = z.object({ events: z.array(assetEvent), next: z.int().nullable() });
export const createdEvent = z.object({ id: z.int() });
export const pool = z
  .object({
    name: z.string(),
    slots: z.int().meta({ description: "-1: no limit; 0: closed" }),
    description: z.string(),
    queuedSlots: z.int().meta({ description: "Held by tries that wait for a worker" }),
    runningSlots: z.int(),
    waitingSlots: z.int().meta({ description: "Asked for by tries that wait for a place" }),
  })
  .meta({ id: "Pool" });

export const why = z
  .object({
    dagId: z.string(),
    runId: z.string(),
    state: runState,
    tasks: z.array(
      z.object({
        taskId: z.string(),
        mapIndex: z.int().meta({ description: "The first of the instances that wait alike; -1 when the task is not mapped" }),
        state: z.enum(["none", ...TASK_STATES]),
        instances: z.int(),
        reasons: z.array(z.object({ gate: z.string(), text: z.string() })).meta({ description: "Everything that is not met" }),
      }),
    ),
  })
  .meta({ id: "Why" });

export const pools = z.object({ pools: z.array(pool) });
export const created = z.object({ id: z.int(), runId: z.string() }).meta({ id: "CreatedRun" });
export const dags = z.object({ dags: z.array(dag), next: z.string().nullable() });
export const runs = z.object({ runs: z.array(run), next: z.int().nullable() });
export const dagSlots = z.object({
  slots: z.array(dagSlot),
  next: z.string().nullable().meta({ description: "`after` of the next page" }),
});
export const tasks = z.object({ tasks: z.array(task) });
export const importErrors = z.object({ importErrors: z.array(importError) });
export const callbacks = z.object({
  callbacks: z.array(
    z.object({
      id: z.int(),
      taskId: z.string().nullable().meta({ description: "Null: of the run" }),
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
      lines: z.array(z.object({ time: z.string(), level: z.string(), source: z.string(), text: z.string() })),
    }),
  ),
});
export const eventSent = z.object({ resumed: z.int().meta({ description: "How many task instances went on" }) });
export const taskCancelled = z.object({ instances: z.int().meta({ description: "How many instances were stopped" }) });
export const done = z.object({ done: z.literal(true) });

const progress = z.object({
  total: z.int(),
  waiting: z.int(),
  queued: z.int(),
  running: z.int(),
  success: z.int(),
  failed: z.int(),
  skipped: z.int(),
});

export const backfill = z
  .object({
    id: z.int(),
    dagId: z.string(),
    schedule: z.string().meta({ description: "Name of the schedule; empty for a DAG's only one" }),
    scheduleSpec: z.looseObject({ type: z.string() }).meta({ description: "The schedule as it was when the backfill was made" }),
    state: z.enum(BACKFILL_STATES),
    from: when,
    to: when,
    reprocess: z.string(),
    backwards: z.boolean(),
    maxActiveRuns: z.int(),
    params: z.json(),
    labels: z.record(z.string(), z.string()),
    code: z.enum(CODE_CHOICES),
    createdBy: z.string(),
    createdAt: when,
    endedAt: when.nullable(),
    progress,
  })
  .meta({ id: "Backfill" });

const slot = z.object({
  ordinal: z.int(),
  logicalDate: when,
  dataIntervalStart: when,
  dataIntervalEnd: when,
  decision: z.enum(["run", "skip"]),
  reason: z.string().nullable(),
});

export const backfills = z.object({ backfills: z.array(backfill) });
export const backfillSlots = z.object({
  slots: z.array(slot.extend({ run: z.int().nullable(), runId: z.string().nullable(), runState: runState.nullable() })),
  next: z.int().nullable(),
});
export const createdBackfill = z.object({ id: z.int(), runs: z.int(), skipped: z.int() }).meta({ id: "CreatedBackfill" });
export const backfillPreview = z
  .object({
    dagId: z.string(),
    schedule: z.string(),
    slots: z.array(slot.extend({ run: z.object({ id: z.int(), runId: z.string(), state: runState }).nullable() })),
  })
  .meta({ id: "BackfillPreview" });

export const cleared = z.object({
  runs: z.array(
    z.object({
      id: z.int(),
      dagId: z.string(),
      runId: z.string(),
      instances: z.array(z.object({ taskId: z.string(), mapIndex: z.int(), state: z.enum(TASK_STATES), tryNumber: z.int() })),
    }),
  ),
});

export const audit = z.object({
  entries: z.array(
    z.object({
      id: z.int(),
      at: when,
      actor: z.string(),
      action: z.string(),
      dagId: z.string().nullable(),
      runId: z.string().nullable(),
      detail: z.json(),
    }),
  ),
  next: z.int().nullable(),
});
