/** Rendered fields as they are stored: checked, masked and cut. */
import { z } from "zod";
import type { Json } from "../../sdk/json.ts";
import type { RenderedField } from "../store/values/rendered_fields.ts";
import { invalidMessage } from "./task_message.ts";

const MAX_FIELDS = 20;
/** Characters. */
const MAX_NAME = 100;
const MAX_VALUE = 20_000;

interface Masking {
  mask(text: string): string;
  /** Masks the values whose names say that they are secret, from now on. */
  learnParams(params: Json): void;
}

/**
 * @param json a JSON object of values by name, as a task sent it
 * @throws DagsmithError INVALID_TASK_MESSAGE
 */
export function storedFields(
  json: string,
  { mask, learnParams }: Masking,
): readonly RenderedField[] {
  const fields = z.record(z.string(), z.custom<Json>()).safeParse(JSON.parse(json));
  if (!fields.success) throw invalidMessage("rendered fields are an object");
  // A value under a name such as `password` is a secret that no connection has.
  learnParams(fields.data);
  return Object.entries(fields.data)
    .slice(0, MAX_FIELDS)
    .map(([name, value]) => storedField(mask(name), value, mask));
}

// Masked before it is cut, which would leave the first part of a secret.
function storedField(name: string, value: Json, mask: Masking["mask"]): RenderedField {
  const text = mask(typeof value === "string" ? value : JSON.stringify(value, null, 2));
  return {
    name: name.slice(0, MAX_NAME),
    value: text.slice(0, MAX_VALUE),
    characters: text.length,
  };
}
