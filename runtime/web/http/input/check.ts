/** Refuses input that does not fit its schema, before any other code sees it. */
import type { ZodType } from "zod";
import { DagsmithError } from "../../../../sdk/errors.ts";

/**
 * The checked input. @throws DagsmithError INVALID_ARGUMENT naming the first field that
 * is wrong
 */
export function checked<Value>(schema: ZodType<Value>, input: unknown): Value {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new DagsmithError("INVALID_ARGUMENT", {
    argument: issue?.path.join(".") || "request",
    reason: issue?.message ?? "not understood",
  });
}
