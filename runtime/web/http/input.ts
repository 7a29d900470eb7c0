/** What an address or a body may hold, said once, for the pages and the API. Everything that comes in is checked here. */
import { z } from "zod";
import { REPROCESS } from "../../scheduler/decisions/plan_backfill.ts";
import { RUN_STATES } from "../../state/run_state.ts";
import { MARKS, TASK_STATES } from "../../state/task_state.ts";
import { CODE_CHOICES } from "../../store/backfills/backfill.ts";
import { DAG_FILTERS } from "../../store/reads/dags.ts";
import { LONGEST_FOLDED } from "../groups/folded_groups.ts";

/** PostgreSQL's integers end earlier than JavaScript's; nothing beyond may reach a statement. */
const MAX_INT = 2_147_483_647;

/** NUL cannot be stored or compared by PostgreSQL. */
const NUL = "\u0000";
const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !value.includes(NUL), "holds a NUL character");

const dagId = z
  .string()
  .regex(/^[\w.-]{1,200}$/, "is not an id")
  .meta({ description: "Id of a DAG", example: "daily_report" });
const taskId = z
  .string()
  .regex(/^[\w.-]{1,200}$/, "is not an id")
  .meta({ description: "Id of a task" });
export const rowId = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, "is not an id")
  .transform(Number)
  .meta({ description: "Number of a row, as in the page's addresses", example: "42" });
const smallNumber = z
  .string()
  .regex(/^\d{1,10}$/, "is not a number")
  .transform(Number)
  .refine((value) => value <= MAX_INT, "is too large");

const limit = (most: number, standard: number) =>
  smallNumber
    .refine((value) => value >= 1 && value <= most, `must be from 1 to ${most}`)
    .default(standard);
const optional = <Value extends z.ZodType>(schema: Value) =>
  schema.nullish().transform((value) => value ?? null);
/** An empty field of a form is one that was not filled in. */
const filled = <Value extends z.ZodType>(schema: Value) =>
  z.preprocess((value) => (value === "" ? undefined : value), schema);

export const dagParams = z.object({ dagId });
export const poolParams = z.object({
  name: z
    .string()
    .regex(/^[\w.-]{1,100}$/, "is not the name of a pool")
    .meta({ description: "Name of a pool; all holds every task", example: "api" }),
});
export const poolBody = z.object({
  slots: z.int().min(-1).max(1_000_000).meta({ description: "-1: no limit; 0: closed" }),
  description: text(1_000).optional(),
});
export const whyQuery = z.object({ task: taskId.optional() });
export const runParams = z.object({ id: rowId });
export const taskParams = z.object({ id: rowId, taskId });
export const eventParams = z.object({
  id: rowId,
  event: z
    .string()
    .regex(/^[\w.-]{1,200}$/, "is not a name")
    .meta({ description: "Name of an event", example: "approved" }),
});
export const instanceParams = z.object({ id: rowId, taskId, mapIndex: smallNumber });
export const logParams = z.object({ instanceId: rowId, tryNumber: smallNumber });

export const dagsQuery = z.object({
  after: z.union([z.literal(""), dagId]).default(""),
  limit: limit(500, 100),
  filter: z.enum(DAG_FILTERS).default("all"),
  tag: filled(optional(text(200))),
  q: filled(optional(text(200))),
});
export const runsQuery = z.object({
  before: optional(rowId),
  limit: limit(200, 50),
  state: filled(optional(z.enum(RUN_STATES))),
  label: filled(
    optional(
      text(264)
        .regex(/^[\w.-]{1,63}=/, "must be key=value")
        .transform((label) => ({
          key: label.slice(0, label.indexOf("=")),
          value: label.slice(label.indexOf("=") + 1),
        })),
    ),
  ),
});
const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
/** Bounds of the logical date, inclusive. `after`: the last decision shown, as its last logical date, `~`, and its schedule's name. */
export const decisionsQuery = z.object({
  from: filled(optional(moment)),
  to: filled(optional(moment)),
  after: optional(
    z
      .string()
      .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z~[\w-]{0,50}$/, "is not a place in the list")
      .transform((place) => {
        const [date = "", schedule = ""] = place.split("~");
        return { logicalDate: new Date(date), schedule };
      })
      .refine(
        ({ logicalDate }) => !Number.isNaN(logicalDate.getTime()),
        "is not a place in the list",
      ),
  ),
  limit: limit(500, 50),
});
/** Ids of groups, between commas. */
const folded = z
  .string()
  .max(LONGEST_FOLDED)
  .regex(/^[\w.,-]*$/, "is not a list of groups")
  .default("")
  .transform((ids) => ids.split(",").filter((id) => id !== ""))
  .meta({ description: "Groups that are shown folded" });
export const foldedQuery = z.object({ folded });
/** `callbacks`: the last callback shown. */
const callbacks = optional(rowId);
export const runQuery = z.object({ folded, callbacks });
export const gridQuery = z.object({ before: optional(rowId), runs: limit(50, 25), folded });
/** `after`: the place of the last instance shown, as rank.index. */
export const instancesQuery = z.object({
  after: z
    .string()
    .regex(/^\d{1,2}\.\d{1,10}$/, "is not a place in the list")
    .default("0.-1")
    .transform((place) => {
      const [rank = 0, mapIndex = -1] = place.split(".").map(Number);
      return { rank, mapIndex };
    })
    .refine(({ mapIndex }) => mapIndex <= MAX_INT, "is too large"),
  state: filled(optional(z.enum(TASK_STATES))),
  try: smallNumber.optional(),
});
export const taskQuery = instancesQuery.extend({ callbacks });
export const logQuery = z.object({
  after: z
    .string()
    .regex(/^-?\d{1,10}$/)
    .transform(Number)
    .refine((value) => value >= -1 && value <= MAX_INT)
    .optional(),
});

export const triggerBody = z.object({
  params: z
    .record(z.string(), z.json())
    .optional()
    .meta({ description: "Params of the run; the DAG's schema judges them" }),
  logicalDate: z
    .string()
    .max(40)
    .optional()
    .meta({ description: "ISO 8601; default: now", example: "2026-01-31T04:00:00Z" }),
});
const assetUri = z
  .string()
  .regex(/^[!-~]{1,1000}$/, "is not the URI of an asset")
  .meta({ description: "URI of an asset", example: "s3://lake/github/issues" });
export const assetsQuery = z.object({
  after: z.union([z.literal(""), assetUri]).default(""),
  limit: limit(500, 100),
});
export const assetEventsQuery = z.object({
  uri: assetUri,
  before: optional(rowId),
  limit: limit(1_000, 100),
});
export const assetEventBody = z.object({
  uri: assetUri,
  extra: z
    .record(z.string(), z.json())
    .optional()
    .meta({ description: "What the event says; at most 64 KB", example: { rows: 12 } }),
});
export const hookParams = z.object({
  dagId,
  name: z.string().regex(/^[\w-]{1,50}$/, "is not the name of a webhook"),
});
export const hookKey = z
  .string()
  .regex(/^[!-~]{1,255}$/, "must be 1 to 255 printable ASCII characters")
  .nullable();
export const cancelBody = z.object({ reason: text(500).optional() });
export const cancelTaskBody = cancelBody.extend({
  mapIndex: z.int().min(0).max(MAX_INT).optional(),
});
export const eventBody = z.object({
  value: z.json().optional().meta({ description: "Output of the tasks that wait; default: null" }),
});

const day = z.string().max(40).meta({
  description: "ISO 8601, in the DAG's timezone when it names no offset",
  example: "2026-01-31",
});
const labels = z.record(z.string().max(63), z.string().max(200));
const code = z
  .enum(CODE_CHOICES)
  .optional()
  .meta({ description: "Which version runs: the original, or the latest" });

export const backfillsQuery = z.object({ limit: limit(200, 50) });
export const backfillRunsQuery = z.object({
  after: smallNumber.default(0),
  limit: limit(1_000, 200),
});
export const backfillBody = z.object({
  from: day,
  to: day,
  schedule: text(50)
    .optional()
    .meta({ description: "Name of a schedule; needed when the DAG has several" }),
  reprocess: z.enum(REPROCESS).optional(),
  backwards: z.boolean().optional(),
  maxActiveRuns: z.int().min(1).max(10_000).optional(),
  params: z.record(z.string(), z.json()).optional(),
  labels: labels.optional(),
  code,
});
const clearedTasks = {
  taskId: taskId.optional(),
  mapIndex: z.int().min(0).max(MAX_INT).optional(),
  upstream: z.boolean().optional(),
  downstream: z.boolean().optional(),
  onlyFailed: z.boolean().optional(),
  code,
};
export const clearBody = z.object(clearedTasks);
export const clearRangeBody = z.object({
  ...clearedTasks,
  from: day.optional(),
  to: day.optional(),
});
export const markBody = z.object({
  state: z.enum(MARKS),
  taskId: taskId.optional(),
  mapIndex: z.int().min(0).max(MAX_INT).optional(),
});
export const noteBody = z.object({ note: text(10_000) });
export const labelsBody = z.object({
  labels: labels.default({}),
  remove: z.array(z.string().max(63)).max(100).default([]),
});
export const auditQuery = z.object({
  dagId: filled(optional(dagId)),
  before: optional(rowId),
  limit: limit(500, 100),
});
export const formBody = z.record(z.string(), z.string());
