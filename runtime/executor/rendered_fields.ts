/** Rendered fields as they are stored: checked, masked and cut. */
import { z } from "zod";
import type { Json } from "../../sdk/json.ts";
import type { SentField } from "../child/context/sent_fields.ts";
import { MAX_FIELDS } from "../child/context/task_rendered.ts";
import { maskedField } from "../secrets/masked_json.ts";
import type { RenderedField } from "../store/values/rendered_fields.ts";
import { invalidMessage } from "./task_message.ts";

/** Characters. */
const MAX_NAME = 100;
const MAX_VALUE = 20_000;

type Mask = (text: string) => string;

const SENT = z.record(
  z.string(),
  z.object({ value: z.custom<Json>((value) => value !== undefined), leftOut: z.int().min(0) }),
);

/**
 * @param json fields by name, as `sentFields` of a task process wrote them
 * @throws DagsmithError INVALID_TASK_MESSAGE
 */
export function storedFields(json: string, mask: Mask): readonly RenderedField[] {
  const fields = SENT.safeParse(JSON.parse(json));
  if (!fields.success) throw invalidMessage("rendered fields are an object of values");
  return Object.entries(fields.data)
    .slice(0, MAX_FIELDS)
    .map(([name, field]) => storedField(name, field, mask));
}

// Masked before it is cut, which would leave the first part of a secret.
function storedField(name: string, { value, leftOut }: SentField, mask: Mask): RenderedField {
  const text = shownText(mask, maskedField(mask, name, value));
  return {
    name: mask(name).slice(0, MAX_NAME),
    value: text.slice(0, MAX_VALUE),
    characters: text.length + leftOut,
  };
}

/** Masked again as JSON, because a number may be a secret. */
function shownText(mask: Mask, value: Json): string {
  return typeof value === "string" ? value : mask(JSON.stringify(value, null, 2));
}
