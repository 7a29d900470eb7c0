/** Checks a value that a person or a program gives against a JSON Schema. */
import type { Json } from "../../sdk/json.ts";
import { type ParamProblem, ParamProblems, TIME } from "./param_problems.ts";
import { isTooDeep, MAX_DEPTH } from "./schemas/json_depth.ts";
import { checkInThread } from "./schemas/schema_checker.ts";

type Fields = Readonly<Record<string, Json>>;

/** A value that fits, or what is wrong with it. */
export type CheckedValue =
  | { readonly value: Json; readonly problems?: never }
  | { readonly problems: ParamProblems };

/**
 * The value with the defaults of the schema filled in. A default is checked like any
 * value.
 * @param schema null takes an empty object alone
 * @param whole the name of the value in messages
 * @throws DagsmithError SCHEMA_TOO_SLOW, SCHEMA_UNUSABLE
 */
export async function checkValue(
  schema: Json | null,
  given: Json,
  whole: string,
): Promise<CheckedValue> {
  const refused = (list: readonly ParamProblem[]): CheckedValue => ({
    problems: new ParamProblems(list, whole),
  });
  if (schema === null)
    return Object.keys(given ?? {}).length === 0
      ? { value: {} }
      : refused([{ path: [], message: "it takes none" }]);
  if (isTooDeep(given))
    return refused([{ path: [], message: `they are nested deeper than ${MAX_DEPTH} levels` }]);
  const answer = await checkInThread({
    schema: lenient(schema),
    value: withDefaults(schema, given),
  });
  return answer.problems === undefined ? { value: answer.value } : refused(answer.problems);
}

/** Filled in before the check: the library does not check defaults. */
function withDefaults(schema: Json, params: Json): Json {
  const properties = isFields(schema) ? schema.properties : undefined;
  if (!isFields(properties) || !isFields(params)) return params;
  const defaults = Object.entries(properties).flatMap(([name, property]): [string, Json][] =>
    isFields(property) && property.default !== undefined ? [[name, property.default]] : [],
  );
  return { ...Object.fromEntries(defaults), ...params };
}

/** The schema with times as people write them. */
function lenient(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(lenient);
  if (!isFields(schema)) return schema;
  const { format, ...rest } = schema;
  const read = Object.fromEntries(
    Object.entries(format === "time" ? rest : schema).map(([key, value]) => [key, lenient(value)]),
  );
  return format === "time" ? { pattern: TIME, ...read } : read;
}

function isFields(value: Json | undefined): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
