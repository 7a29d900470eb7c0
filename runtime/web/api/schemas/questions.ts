/** What the API answers about questions. */
import { z } from "zod";
import { ROLES } from "../../../../sdk/spec/index.ts";
import { when } from "./common.ts";

const question = z
  .object({
    ...{ id: z.int(), run: z.int(), dagId: z.string(), runId: z.string(), taskId: z.string() },
    mapIndex: z.int().meta({ description: "-1 when the question is not mapped" }),
    state: z.literal("open"),
    subject: z.string(),
    body: z.string().nullable().meta({ description: "Markdown" }),
    options: z.array(z.string()).meta({ description: "Those of which one is chosen" }),
    formSchema: z.json().nullable().meta({ description: "JSON Schema of the form" }),
    assignees: z.array(z.string()).meta({ description: "Users who may answer" }),
    role: z.enum(ROLES).nullable().meta({ description: "The least role that may answer" }),
    askedAt: when,
    until: when.nullable().meta({ description: "Until when the task waits" }),
  })
  .meta({ id: "Question" });

export const questions = z.object({ questions: z.array(question), next: z.int().nullable() });

export const answered = z.object({
  resumed: z.boolean().meta({ description: "Whether the task waited; else it has not asked yet" }),
});
