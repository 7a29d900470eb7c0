/** The documents of commands about DAGs, their schedules and versions. */
import { z } from "zod";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { dagDecisions } from "../../web/api/schemas/dags.ts";
import { deployments as listed, preview, restored } from "../../web/api/schemas/deployments.ts";
import { brokenFile, importError, json, runState, warning, when } from "./fields.ts";

const listedDag = z.object({
  dagId: z.string(),
  file: z.string(),
  description: z.string().nullable(),
  tags: z.array(z.string()),
  schedules: json,
  assets: json,
  on: json,
  timezone: z.string(),
  tasks: z.int(),
});
const deployedDag = listedDag.extend({
  version: z.int().nullable(),
  isPaused: z.boolean(),
  pauseReason: z.string().nullable().meta({ description: "Why dagsmith itself paused it" }),
  nextRunAfter: when.nullable(),
  scheduleError: z.string().nullable(),
  atCapacity: z.boolean(),
  lastRunState: runState.nullable(),
  lastRunAt: when.nullable(),
});

export const list = z.object({
  source: z.enum(["folder", "database"]),
  dags: z.array(z.union([deployedDag, listedDag])),
  errors: z.array(brokenFile),
});

/** The spec of a DAG: all that the runtime knows of it. Its fields follow the SDK. */
export const spec = z.looseObject({
  dagId: z.string(),
  tasks: z.array(z.looseObject({ taskId: z.string() })),
}) as unknown as z.ZodType<DagSpec, DagSpec>;

export const checked = z.object({
  dags: z.array(z.object({ dagId: z.string(), file: z.string(), tasks: z.int() })),
  errors: z.array(importError),
  warnings: z.array(warning),
});

export const next = z.array(
  z.object({
    schedule: z.string().optional().meta({ description: "Absent for the only schedule of a DAG" }),
    logicalDate: when,
    dataIntervalStart: when,
    dataIntervalEnd: when,
    runAfter: when,
    partitionKey: z.string().optional(),
  }),
);

export const decisions = dagDecisions.omit({ next: true });

const span = { from: when, to: when };
export const simulated = z.object({
  dags: z.array(
    z.object({
      dagId: z.string(),
      runs: z.int(),
      skipped: z.int().nullable().meta({ description: "Null: too many to count" }),
      mostAtOnce: z.int(),
      longestWaitMs: z.number(),
      error: z.string().nullable(),
    }),
  ),
  decisions: z.array(
    z.object({
      dagId: z.string(),
      schedule: z.string(),
      decision: z.enum(["run", "skipped"]),
      reason: z.string().nullable(),
      count: z.int().nullable(),
      logicalDate: when,
      lastLogicalDate: when,
      dataIntervalStart: when,
      dataIntervalEnd: when,
      runId: z.string().nullable(),
      runAfter: when,
      decidedAt: when,
    }),
  ),
  overlaps: z.array(z.object({ dagId: z.string(), ...span, runs: z.int() })),
  clockChanges: z.array(
    z.object({
      dagId: z.string(),
      date: z.string(),
      timezone: z.string(),
      at: when,
      minutes: z.number(),
      intervals: z.int(),
    }),
  ),
  pools: z.array(
    z.object({
      pool: z.string(),
      slots: z.int().nullable(),
      most: z.int(),
      mostAt: when,
      saturated: z.array(z.object(span)),
    }),
  ),
});

export const paused = z.object({ dagId: z.string(), isPaused: z.boolean() });

const deployed = z.object({
  deployment: z.int().nullable().meta({ description: "Null when nothing changed" }),
  isRepeated: z.boolean().meta({ description: "The external id was deployed before" }),
  deployed: z.array(z.object({ dagId: z.string(), version: z.int(), isNew: z.boolean() })),
  removed: z.array(z.string()),
  warnings: z.array(warning),
});
const place = z.object({ file: z.string(), line: z.int() });

/** With `--dry-run`: what would change. */
export const deploy = z.union([
  deployed,
  preview.extend({ errors: z.array(importError.extend({ at: place.nullable() })) }),
]);

export const deployments = listed.omit({ next: true });

export const versions = z.union([
  z.object({
    dags: z.array(z.object({ dagId: z.string(), version: z.int(), file: z.string() })),
  }),
  z.object({
    dagId: z.string(),
    versions: z.array(
      z.object({
        id: z.int(),
        number: z.int(),
        hash: z.string(),
        file: z.string(),
        externalId: z.string().nullable(),
        createdAt: when,
        isCurrent: z.boolean(),
      }),
    ),
  }),
]);

export const rolledBack = z.union([z.object({ dagId: z.string(), version: z.int() }), restored]);

const note = z.object({ line: z.int(), text: z.string() });
export const imported = z.object({
  dags: z.int(),
  tasks: z.int(),
  carried: z.int().meta({ description: "Tasks that need no further work" }),
  files: z.array(
    z.object({
      source: z.string(),
      notes: z.array(note),
      dags: z.array(
        z.object({
          file: z.string(),
          dagId: z.string(),
          tasks: z.int(),
          carried: z.int(),
          todo: z.array(
            z.object({ taskId: z.string(), line: z.int(), reasons: z.array(z.string()) }),
          ),
          notes: z.array(note),
        }),
      ),
    }),
  ),
});
