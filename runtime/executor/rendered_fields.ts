/** Rendered fields as they are stored: checked, masked and cut. */
import { z } from "zod";
import type { Json } from "../../sdk/json.ts";
import { maskedField } from "../secrets/masked_json.ts";
import type { RenderedField } from "../store/values/rendered_fields.ts";
import { invalidMessage } from "./task_message.ts";

const MAX_FIELDS = 20;
/** Characters. */
const MAX_NAME = 100;
const MAX_VALUE = 20_000;

type Mask = (text: string) => string;

/**
 * @param json a JSON object of values by name, as a task sent it
 * @throws DagsmithError INVALID_TASK_MESSAGE
 */
export function storedFields(json: string, mask: Mask): readonly RenderedField[] {
  const fields = z.record(z.string(), z.custom<Json>()).safeParse(JSON.parse(json));
  if (!fields.success) throw invalidMessage("rendered fields are an object");
  return Object.entries(fields.data)
    .slice(0, MAX_FIELDS)
    .map(([name, value]) => storedField(name, value, mask));
}

// Masked before it is cut, which would leave the first part of a secret.
function storedField(name: string, value: Json, mask: Mask): RenderedField {
  const text = shownText(mask, maskedField(mask, name, value));
  return {
    name: mask(name).slice(0, MAX_NAME),
    value: text.slice(0, MAX_VALUE),
    characters: text.length,
  };
}

/** Masked again as JSON, because a number may be a secret. */
function shownText(mask: Mask, value: Json): string {
  return typeof value === "string" ? value : mask(JSON.stringify(value, null, 2));
}
