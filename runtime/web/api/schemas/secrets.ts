/** What the API answers about connections and variables: never a value. */
import { z } from "zod";
import { when } from "./common.ts";

const use = {
  source: z.string().meta({ description: "database, or a source that is read-only here" }),
  version: z.int().nullable().meta({ description: "Counts changes; send it with a change" }),
  updatedAt: when.nullable(),
  usedBy: z.array(z.string()).meta({ description: "Ids of DAGs whose runs have read it" }),
  lastUsedAt: when.nullable(),
};

const connection = z
  .object({ id: z.string(), type: z.string().nullable(), ...use })
  .meta({ id: "Connection" });
const variable = z.object({ key: z.string(), ...use }).meta({ id: "Variable" });

export const connections = z.object({ connections: z.array(connection) });
export const variables = z.object({ variables: z.array(variable) });
export const tested = z.object({
  ok: z.boolean(),
  line: z.string().meta({ description: "What answered, or why it failed" }),
});
