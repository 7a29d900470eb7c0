/**
 * Checks the params of a run when it is requested, against the JSON form of the DAG's
 * schema: the runtime knows no more of it.
 */
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { ParamProblems, TIME } from "./param_problems.ts";
import { isTooDeep, MAX_DEPTH } from "./schemas/json_depth.ts";
import { checkInThread } from "./schemas/schema_checker.ts";

type Fields = Readonly<Record<string, Json>>;

/**
 * The params of a run, with the schema's defaults filled in. A default is checked against
 * the schema like any value. The task checks them again with the schema's own code, which
 * may check more than its JSON form can express.
 * @throws DagsmithError INVALID_PARAMS naming each problem, SCHEMA_TOO_SLOW,
 *   SCHEMA_UNUSABLE
 */
export async function checkParams(
  { dagId, paramsSchema }: Pick<DagSpec, "dagId" | "paramsSchema">,
  params: Json,
): Promise<Json> {
  const refuse = (problems: string, cause?: ParamProblems): DagsmithError =>
    new DagsmithError("INVALID_PARAMS", { dag: dagId, problems }, { cause });
  if (paramsSchema === null) {
    if (Object.keys(params ?? {}).length === 0) return {};
    throw refuse("it takes none");
  }
  if (isTooDeep(params)) throw refuse(`they are nested deeper than ${MAX_DEPTH} levels`);
  const answer = await checkInThread({
    schema: lenient(paramsSchema),
    value: withDefaults(paramsSchema, params),
  });
  if (answer.problems === undefined) return answer.value;
  const list = new ParamProblems(answer.problems);
  throw refuse(list.message, list);
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
