/**
 * Checks the params of a run when it is requested, against the JSON form of the DAG's
 * schema: the runtime knows no more of it.
 */
import { z } from "zod";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";

type Schema = Parameters<typeof z.fromJSONSchema>[0];
type Fields = Readonly<Record<string, Json>>;

/** JSON Schema's `time` needs an offset, and many times have none. */
const TIME = "^([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d+)?)?(Z|[+-]\\d\\d:?\\d\\d)?$";

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
    .safeParse(withDefaults(paramsSchema, params));
  if (result.success) return result.data as Json;
  const problems = result.error.issues
    .map(({ path, message }) => `${path.join(".") || "params"}: ${message}`)
    .join("; ");
  throw new DagsmithError("INVALID_PARAMS", { dag: dagId, problems });
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
