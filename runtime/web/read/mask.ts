/**
 * Masks secrets in texts of users and tasks. Every function of this room that reads rows
 * passes them through here, so that a page and an endpoint show the same, and neither can
 * forget to mask.
 */
import type { Json } from "../../../sdk/json.ts";
import { maskNamed } from "../../secrets/masked_json.ts";
import { isSameText } from "../../words/same_text.ts";

/** Replaces every secret in a text. */
export type Mask = (text: string) => string;

/**
 * A row with every text in it masked, at any depth, and what stands under a name that
 * looks secret.
 * @param kept fields that stay unchanged: ids and states, which are addresses or our own
 *   words
 */
export function maskRow<Row extends object>(
  mask: Mask,
  row: Row,
  kept: readonly (keyof Row & string)[],
): Row {
  const names: readonly string[] = kept;
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      names.includes(name) ? value : maskNamed(mask, value),
    ]),
  ) as Row;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !(value instanceof Date);
}

/** Masks every text inside a JSON value, keys of objects too. */
export function maskJson(mask: Mask, value: Json): Json {
  return maskValue(mask, value) as Json;
}

function maskValue(mask: Mask, value: unknown): unknown {
  if (typeof value === "string") return mask(value);
  if (!isObject(value)) return value;
  if (Array.isArray(value)) return value.map((item) => maskValue(mask, item));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [mask(key), maskValue(mask, item)]),
  );
}

/** Whether a text is the one that a form showed, which is masked. */
export const isShownAs =
  (mask: Mask, shown: string) =>
  (text: string): boolean =>
    isSameText(mask(text), shown);
