/**
 * The schema of a DAG. A spec that another machine made is checked by it before any
 * service reads a field of it: a scheduler that meets a wrong field would stop all DAGs.
 */
import { z } from "zod";
import {
  type DagSpec,
  type DeadlineSpec,
  type GroupSpec,
  RUN_EVENTS,
} from "../../sdk/spec/index.ts";
import { assetCondition, eventSpec } from "./event_spec.ts";
import {
  amount,
  checksAllOf,
  count,
  id,
  instant,
  json,
  optionalText,
  storedCount,
  text,
  yes,
} from "./fields.ts";
import { namedSchedule } from "./schedule_spec.ts";
import { taskSpec } from "./task_spec.ts";

const deadline = checksAllOf<DeadlineSpec>()(
  z.discriminatedUnion("type", [
    z.strictObject({ intervalMs: z.number(), type: z.literal("queuedAt") }),
    z.strictObject({ intervalMs: z.number(), type: z.literal("logicalDate") }),
    z.strictObject({ intervalMs: z.number(), type: z.literal("fixed"), at: z.iso.datetime() }),
    z.strictObject({
      intervalMs: z.number(),
      type: z.literal("averageRuntime"),
      runs: storedCount,
    }),
  ]),
);

const group = checksAllOf<GroupSpec>()(
  z.strictObject({ groupId: id, parent: id.nullable(), doc: optionalText }),
);

export const dagSpec = checksAllOf<DagSpec>()(
  z.strictObject({
    ...{ dagId: id, description: optionalText, doc: text.exactOptional() },
    tags: z.array(text),
    ...{ schedules: z.array(namedSchedule), assets: assetCondition.nullable() },
    on: z.array(eventSpec),
    assetDetails: z.record(text, z.strictObject({ name: optionalText, extra: json })),
    ...{ timezone: text, startDate: instant, endDate: instant },
    catchup: z.enum(["all", "last", "none"]),
    catchupOrder: z.literal("newest").exactOptional(),
    ...{ maxActiveRuns: count, maxActiveTasks: count.exactOptional() },
    ...{ maxActiveTasksPerRun: count.exactOptional(), pausedAtCreation: z.boolean() },
    callbacks: z.array(z.enum(RUN_EVENTS)).exactOptional(),
    deadlines: z.array(deadline).exactOptional(),
    ...{ failFast: yes.exactOptional(), dagRunTimeoutMs: amount.exactOptional() },
    maxConsecutiveFailedDagRuns: storedCount.exactOptional(),
    ...{ connections: z.array(text).exactOptional(), paramsSchema: json.nullable() },
    output: z
      .record(text, z.strictObject({ taskId: id, field: text.exactOptional() }))
      .exactOptional(),
    groups: z.array(group).exactOptional(),
    tasks: z.array(taskSpec),
  }),
);
