/** Refuses input that does not fit its schema, before any other code sees it. */
import type { ZodType } from "zod";
import { DagsmithError } from "../../../../sdk/errors.ts";
import type { Json } from "../../../../sdk/json.ts";
import { isTooDeep, MAX_DEPTH } from "../../../params/schemas/json_depth.ts";

/**
 * The checked input. @throws DagsmithError INVALID_ARGUMENT naming the first field that
 * is wrong
 */
export function checked<Value>(schema: ZodType<Value>, input: unknown): Value {
  // A schema looks into the depth by calling itself, and would run out of its stack.
  if (isTooDeep(input as Json))
    throw new DagsmithError("INVALID_ARGUMENT", {
      ...{ argument: "request", reason: `it is nested deeper than ${MAX_DEPTH} levels` },
    });
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new DagsmithError("INVALID_ARGUMENT", {
    argument: issue?.path.join(".") || "request",
    reason: issue?.message ?? "not understood",
  });
}
