/** Fields that documents share. */
import { z } from "zod";
import { RUN_TYPES } from "../../store/runs/dag_run.ts";
import { runState, when } from "../../web/api/schemas/common.ts";

export { runState, when };

/** A value of a user: any JSON. */
export const json = z.unknown();

/** How a document names a run. */
export const ofRun = { id: z.int(), dagId: z.string(), runId: z.string() };

export const run = z
  .object({
    ...ofRun,
    runType: z.enum(RUN_TYPES),
    state: runState,
    versionId: z.int(),
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
    params: json,
    note: z.string().nullable(),
    labels: z.record(z.string(), z.string()),
    backfill: z.int().nullable().meta({ description: "The backfill that ran it last" }),
  })
  .meta({ id: "Run" });

export const storedError = z.object({ name: z.string(), message: z.string(), stack: z.string() });

export const logLine = z.object({
  time: z.string(),
  level: z.string(),
  source: z.string(),
  text: z.string(),
});

const problem = {
  file: z.string(),
  line: z.int().nullable(),
  code: z.string(),
  message: z.string(),
};
export const brokenFile = z.object(problem);
export const importError = z.object({ ...problem, stack: z.string().nullable() });
export const warning = z.object(problem);

export const stopped = z.object({ stopped: z.boolean() });
