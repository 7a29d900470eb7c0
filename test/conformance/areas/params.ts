/** Params of a run, checked where a run is asked for. */
import { z } from "zod";
import { checkParams } from "../../../runtime/params/check_params.ts";
import { isDagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import { area } from "../area.ts";

const NAME = "param";

export const paramValidate = area(
  z.object({
    schema: z.record(z.string(), z.json()),
    default: z.json().optional(),
    value: z.json().optional(),
  }),
  async (input) => {
    const property: Json =
      "default" in input && input.default !== undefined
        ? { ...input.schema, default: input.default }
        : input.schema;
    const required = input.default === undefined ? [NAME] : [];
    const paramsSchema: Json = { type: "object", properties: { [NAME]: property }, required };
    try {
      const params = await checkParams(
        { dagId: "case", paramsSchema },
        input.value === undefined ? {} : { [NAME]: input.value },
      );
      return { valid: true, value: (params as Readonly<Record<string, Json>>)[NAME] };
    } catch (error) {
      if (isDagsmithError(error, "INVALID_PARAMS")) return { valid: false };
      throw error;
    }
  },
);
