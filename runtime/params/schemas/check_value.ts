/** Checks a value against a JSON Schema. Pure, and as slow as the schema makes it. */
import { z } from "zod";
import type { Json } from "../../../sdk/json.ts";
import { type ParamProblem, problemFrom } from "../param_problems.ts";

export interface SchemaCheck {
  readonly schema: Json;
  readonly value: Json;
}

/** The value with the schema's defaults, or what is wrong with it. */
export type SchemaAnswer =
  | { readonly value: Json; readonly problems?: never }
  | { readonly problems: readonly ParamProblem[] };

export function checkValue({ schema, value }: SchemaCheck): SchemaAnswer {
  const result = z
    .fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])
    .safeParse(value, { reportInput: true });
  if (result.success) return { value: result.data as Json };
  return { problems: firstOfEach(result.error.issues.map(problemFrom)) };
}

/** A format and its pattern are two checks of one value. */
function firstOfEach(problems: readonly ParamProblem[]): readonly ParamProblem[] {
  return [...Map.groupBy(problems, ({ path }) => path.join(".")).values()].flatMap(
    ([first]) => first ?? [],
  );
}
