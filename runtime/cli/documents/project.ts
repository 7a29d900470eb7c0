/** The documents of commands about a project, its tables and its deployment. */
import { z } from "zod";

export { stopped } from "./fields.ts";

export const made = z.object({
  folder: z.string(),
  files: z.array(z.string()),
  next: z.array(z.string()).meta({ description: "What to run next" }),
});

export const migrated = z.object({ applied: z.array(z.string()) });

export const cleaned = z.object({
  dryRun: z.boolean(),
  counts: z.record(z.string(), z.int().optional()).meta({ description: "Rows by kind" }),
});

export const examined = z.object({
  ok: z.boolean(),
  findings: z.array(
    z.object({
      check: z.string(),
      result: z.enum(["ok", "note", "no"]),
      detail: z.string(),
    }),
  ),
});

export const served = z.object({ closed: z.boolean() });

/** One schema; without a command, the names of all commands. */
export const schema = z.union([
  z.object({
    commands: z.array(z.object({ command: z.string(), summary: z.string() })),
  }),
  z.looseObject({ $schema: z.string() }),
]);
