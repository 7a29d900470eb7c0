/**
 * Checks the params of a run when it is requested, against the JSON form of the DAG's
 * schema: the runtime knows no more of it.
 */
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { checkValue } from "./check_value.ts";

/**
 * The params of a run, with the schema's defaults filled in. The task checks them again
 * with the schema's own code, which may check more than its JSON form can express.
 * @throws DagsmithError INVALID_PARAMS naming each problem, SCHEMA_TOO_SLOW,
 *   SCHEMA_UNUSABLE
 */
export async function checkParams(
  { dagId, paramsSchema }: Pick<DagSpec, "dagId" | "paramsSchema">,
  params: Json,
): Promise<Json> {
  const checked = await checkValue(paramsSchema, params, "params");
  if (checked.problems === undefined) return checked.value;
  const { problems } = checked;
  const named = { dag: dagId, problems: problems.message };
  throw new DagsmithError("INVALID_PARAMS", named, { cause: problems });
}
