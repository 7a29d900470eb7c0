/**
 * A schema as JSON Schema: for forms, and for checks in processes that never load a DAG
 * file.
 */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { errorMessage } from "./error_message.ts";
import type { Json } from "./json.ts";
import { invalidOption } from "./option_values.ts";

/**
 * The JSON Schema (draft 2020-12) of a schema; undefined when the schema cannot write one
 * (zod 4 can).
 * @param words for the message about a schema of values that JSON cannot carry
 * @param side whether it describes values before the schema transforms them, or after
 * @throws DagsmithError INVALID_OPTION
 */
export function jsonSchemaOf(
  schema: StandardSchemaV1,
  option: string,
  where: string,
  words: { readonly found: string; readonly allowed: string },
  side: "input" | "output" = "input",
): Json | undefined {
  const standard = schema?.["~standard"] as Partial<StandardJSONSchemaV1["~standard"]> | undefined;
  try {
    const written = standard?.jsonSchema?.[side]({ target: "draft-2020-12" });
    return written && (structuredClone(written) as Json);
  } catch (cause) {
    const reason = errorMessage(cause);
    throw invalidOption(where, option, `${words.found} (${reason})`, words.allowed, { cause });
  }
}
