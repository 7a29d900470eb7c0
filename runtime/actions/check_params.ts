/**
 * Checks the params of a run when it is requested, against the JSON form of the DAG's
 * schema: the runtime knows no more of it.
 */
import { z } from "zod";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { type ParamProblem, ParamProblems, problemFrom, TIME } from "./param_problems.ts";

type Schema = Parameters<typeof z.fromJSONSchema>[0];
type Fields = Readonly<Record<string, Json>>;

/**
 * The params of a run, with the schema's defaults filled in. A default is checked against
 * the schema like any value. The task checks them again with the schema's own code, which
 * may check more than its JSON form can express.
 * @throws DagsmithError INVALID_PARAMS naming each problem
 */
export function checkParams(
  { dagId, paramsSchema }: Pick<DagSpec, "dagId" | "paramsSchema">,
  params: Json,
): Json {
  if (paramsSchema === null) {
    if (Object.keys(params ?? {}).length === 0) return {};
    throw new DagsmithError("INVALID_PARAMS", { dag: dagId, problems: "it takes none" });
  }
  const result = z
    .fromJSONSchema(lenient(paramsSchema) as Schema)
    .safeParse(withDefaults(paramsSchema, params), { reportInput: true });
  if (result.success) return result.data as Json;
  const problems = new ParamProblems(firstOfEach(result.error.issues.map(problemFrom)));
  throw new DagsmithError(
    "INVALID_PARAMS",
    { dag: dagId, problems: problems.message },
    { cause: problems },
  );
}

/** A format and its pattern are two checks of one value. */
function firstOfEach(problems: readonly ParamProblem[]): readonly ParamProblem[] {
  return [...Map.groupBy(problems, ({ path }) => path.join(".")).values()].flatMap(
    ([first]) => first ?? [],
  );
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
