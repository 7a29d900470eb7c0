/** Fields that documents share. */
import { z } from "zod";
import { runState, when } from "../../web/api/schemas/common.ts";
import { run as apiRun } from "../../web/api/schemas/runs.ts";

export { runState, when };

/** A value of a user: any JSON. */
export const json = z.unknown();

/** How a document names a run. */
export const ofRun = { id: z.int(), dagId: z.string(), runId: z.string() };

export const run = apiRun.extend({ versionId: z.int(), params: json }).meta({ id: "Run" });

export const storedError = z.object({
  ...{ name: z.string(), message: z.string(), stack: z.string() },
  code: z.string().exactOptional(),
});

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
