/** What the API answers about tasks, their tries and their logs. */
import { z } from "zod";
import { TASK_STATES } from "../../../state/task_state.ts";
import { runState, when } from "./common.ts";

const counts = z.object({
  instances: z.int(),
  success: z.int(),
  failed: z.int(),
  skipped: z.int(),
  upstreamFailed: z.int(),
});

const task = z
  .object({
    taskId: z.string(),
    upstream: z.array(z.string()),
    state: z.enum(["none", ...TASK_STATES]),
    tryNumber: z.int(),
    startedAt: when.nullable(),
    finishedAt: when.nullable(),
    warning: z.boolean().meta({ description: "It failed, and its failure is allowed" }),
    why: z.string().nullable().meta({ description: "Why it is in this state" }),
    mapped: counts.nullable(),
  })
  .meta({ id: "Task" });

const storedError = z.object({
  ...{ name: z.string(), message: z.string(), stack: z.string() },
  code: z.string().exactOptional(),
});

const taskTry = z
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

const instance = z
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

const file = z
  .object({
    object: z.string().meta({ description: "Its address: /files/{instance.id}/{object}/download" }),
    name: z.string(),
    contentType: z.string(),
    bytes: z.int(),
    sha256: z.string(),
    createdAt: when,
  })
  .meta({ id: "File" });

export const tasks = z.object({ tasks: z.array(task) });

export const taskDetail = task
  .extend({
    instance: instance.nullable(),
    called: z
      .object({ run: z.int(), dagId: z.string(), runId: z.string(), state: runState })
      .nullable()
      .meta({ description: "The run that the task called" }),
    tries: z.array(taskTry),
    xcoms: z.array(z.object({ key: z.string(), value: z.string(), bytes: z.int() })),
    files: z.array(file),
    instances: z.array(instance),
    next: z.string().nullable().meta({ description: "`after` of the next page of instances" }),
  })
  .meta({ id: "TaskDetail" });

export const logAnswer = z
  .object({
    lines: z.array(
      z.object({ time: z.string(), level: z.string(), source: z.string(), text: z.string() }),
    ),
    next: z.int().meta({ description: "`after` of the next part" }),
    isComplete: z
      .boolean()
      .meta({ description: "True when the try is over and these were its last lines" }),
  })
  .meta({ id: "Log" });

export const taskCancelled = z.object({
  instances: z.int().meta({ description: "How many instances were stopped" }),
});
