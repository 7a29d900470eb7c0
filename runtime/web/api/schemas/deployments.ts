/** What the API answers about deployments. */
import { z } from "zod";
import { when } from "./common.ts";

const deployment = z
  .object({
    id: z.int(),
    kind: z.enum(["deploy", "rollback", "promote"]),
    externalId: z.string().nullable().meta({ description: "Such as a commit" }),
    restoredId: z.int().nullable().meta({ description: "The deployment that it restored" }),
    actor: z.string(),
    reason: z.string().nullable(),
    createdAt: when,
    dags: z.int().meta({ description: "How many were current after it" }),
    changed: z.int().meta({ description: "How many it changed, added or removed" }),
  })
  .meta({ id: "Deployment" });

export const deployments = z.object({
  deployments: z.array(deployment),
  next: z.int().nullable(),
});

const changedDag = z.object({ dagId: z.string(), version: z.int() });

export const received = z.discriminatedUnion("state", [
  z.object({
    state: z.literal("incomplete"),
    missing: z.array(z.string()).meta({ description: "Hashes of the chunks to send first" }),
  }),
  z.object({
    state: z.literal("deployed"),
    deployment: z.int().nullable().meta({ description: "Null when nothing changed" }),
    isRepeated: z.boolean().meta({ description: "The external id was deployed before" }),
    deployed: z.array(changedDag.extend({ isNew: z.boolean() })),
    removed: z.array(z.string()),
  }),
]);

const names = z.array(z.string());
const difference = z.object({ added: names, removed: names, changed: names });
const outlook = z.object({
  schedule: z.string(),
  isPaused: z.boolean(),
  runsNow: z.int().meta({ description: "Runs that the scheduler would create now; at most 1000" }),
  nextRunAfter: when.nullable(),
  error: z.string().nullable(),
});

export const preview = z.object({
  added: names,
  removed: names,
  changed: z.array(
    z.object({
      dagId: z.string(),
      version: z.int().meta({ description: "Runs under way keep it" }),
      tasks: difference,
      options: z.record(z.string(), names).meta({ description: "Of tasks, by task id" }),
      edges: difference.omit({ changed: true }),
      params: difference,
      dag: names.meta({ description: "Options of the DAG that differ" }),
    }),
  ),
  unchanged: z.int(),
  schedules: z.array(z.object({ dagId: z.string(), before: outlook.nullable(), after: outlook })),
  activeRuns: z.array(z.object({ dagId: z.string(), version: z.int(), runs: z.int() })),
  missingPools: z.array(z.object({ pool: z.string(), dags: names })),
  missingConnections: z
    .array(z.object({ connection: z.string(), dags: names }))
    .meta({ description: "Not in the database; another source may have them" }),
});

export const chunk = z.object({ hash: z.string() });

export const pointed = z.object({ dagId: z.string(), version: z.int() });

export const restored = z.object({
  restored: z.int(),
  externalId: z.string().nullable(),
  changed: z.array(changedDag),
  removed: z.array(z.string()),
});
