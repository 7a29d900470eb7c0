/** The documents of commands about runs and their tasks. */
import { z } from "zod";
import { MARKS, TASK_STATES } from "../../state/task_state.ts";
import { cleared as clearedRuns } from "../../web/api/schemas/clear.ts";
import { questions as open } from "../../web/api/schemas/questions.ts";
import { callback } from "../../web/api/schemas/runs.ts";
import { json, logLine, ofRun, run, runState, storedError, when } from "./fields.ts";

export { why } from "../../web/api/schemas/runs.ts";

const shownState = z.enum(["none", ...TASK_STATES]);

const task = z.object({
  taskId: z.string(),
  isMapped: z.boolean(),
  instances: z.int(),
  success: z.int(),
  failed: z.int(),
  skipped: z.int(),
  running: z.int(),
  state: shownState,
  tryNumber: z.int(),
  startedAt: when.nullable(),
  finishedAt: when.nullable(),
  reason: z.string().nullable(),
  error: storedError.nullable(),
  warning: z.boolean().meta({ description: "It failed, and its failure is allowed" }),
});

const instance = z.object({
  id: z.int(),
  taskId: z.string(),
  mapIndex: z.int(),
  label: z.string().nullable(),
  state: shownState,
  tryNumber: z.int(),
  workerId: z.string().nullable(),
  queuedAt: when.nullable(),
  startedAt: when.nullable(),
  finishedAt: when.nullable(),
  retryAt: when.nullable(),
  reason: z.string().nullable(),
  error: storedError.nullable(),
  item: z.string().nullable().meta({ description: "JSON text of the item of a mapped task" }),
});

export const runs = z.object({ runs: z.array(run) });

const ended = z.object({ run, tasks: z.array(task) });

/** With `--task`: the instances of one task. */
export const tasks = z.union([
  ended,
  z.object({ run, taskId: z.string(), instances: z.array(instance) }),
]);

/** With `--wait`: how the run ended. */
export const triggered = z.union([z.object({ ...ofRun, state: z.literal("queued") }), ended]);

export const log = z.object({
  run,
  taskId: z.string().nullable().meta({ description: "Null: callbacks of the run" }),
  lines: z.array(logLine),
});

export const callbacks = z.object({ run, callbacks: z.array(callback) });

export const replayed = z.object({
  taskId: z.string(),
  mapIndex: z.int(),
  tryNumber: z.int(),
  version: z.int(),
  outcome: z.string(),
  output: json,
  error: storedError.nullable(),
});

export const cancelled = z.union([
  z.object({ ...ofRun, cancelled: z.boolean() }),
  z.object({
    ...{ ...ofRun, cancelled: z.boolean(), taskId: z.string() },
    ...{ mapIndex: z.int().optional(), instances: z.int() },
  }),
]);

export const cleared = clearedRuns.extend({ dryRun: z.boolean() });

export const marked = z.object({
  ...ofRun,
  taskId: z.string().nullable().meta({ description: "Null: the run itself" }),
  state: z.enum(MARKS),
});

export const noted = z.object({ ...ofRun, note: z.string() });
export const labelled = z.object({ ...ofRun, labels: z.record(z.string(), z.string()) });
export const sent = z.object({ ...ofRun, event: z.string(), resumed: z.int() });

const question = open.shape.questions.element.extend({
  state: z.enum(["early", "open", "answered", "timed_out", "closed"]),
  tags: z.array(z.string()),
  subject: z.string().nullable(),
  formSchema: json,
  askedAt: when.nullable(),
  answer: json,
  answeredBy: z.string().nullable(),
  answeredAt: when.nullable(),
});
export const questions = z.object({ questions: z.array(question) });
export const answered = z.object({
  ...{ ...ofRun, taskId: z.string(), mapIndex: z.int().optional() },
  resumed: z.boolean().meta({ description: "Whether the task waited; else it has not asked yet" }),
});

/** What `dag test` ran, in this process. */
export const tested = z.object({
  dagId: z.string(),
  runId: z.string(),
  logicalDate: z.string(),
  state: runState,
  tasks: z.array(
    z.object({
      taskId: z.string(),
      mapIndex: z.int(),
      label: z.string().nullable(),
      state: shownState,
      tryNumber: z.int(),
      durationMs: z.number(),
      output: json,
      reason: z.string().nullable(),
      error: storedError.nullable(),
      warning: z.boolean(),
    }),
  ),
  filesFolder: z.string().nullable().meta({ description: "Where the files of tasks are" }),
});
