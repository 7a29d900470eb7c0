/**
 * Masks JSON: the known secrets in its texts, and every value under a name that looks
 * secret, however short it is. Pure: the masker does not learn such values, because the
 * names of one task must not hide ordinary words of all others.
 */
import type { Json } from "../../sdk/json.ts";
import { MASK } from "./masker.ts";
import { looksSecretParam, looksSecretQuery } from "./secret_values.ts";

/** Replaces every known secret in a text. */
type Mask = (text: string) => string;

/**
 * @param isSecret whether the name of the value looks secret. It counts for the items of a
 *   list too; names inside an object decide by themselves.
 */
export function maskNamed(mask: Mask, value: unknown, isSecret = false): unknown {
  if (Array.isArray(value)) return value.map((item) => maskNamed(mask, item, isSecret));
  if (typeof value === "object" && value !== null && !(value instanceof Date))
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        mask(name),
        maskNamed(mask, item, looksSecretParam(name)),
      ]),
    );
  if (typeof value === "string") return isSecret ? MASK : mask(value);
  return isSecret && typeof value === "number" ? MASK : value;
}

/**
 * The value of a rendered field without secrets, also without those in the query of a URL.
 * @param name of the field; its texts and numbers are hidden when it looks secret
 */
export function maskedField(mask: Mask, name: string, value: Json): Json {
  return maskNamed((text) => maskQuery(mask(text)), value, looksSecretParam(name)) as Json;
}

/** Bounded, so that no text is slow. */
const QUERY_PART = /([?&]([\w.-]{1,100})=)[^\s&#"']+/g;

/** Hides the values of a query in a URL or a request line, as in `?api_key=abc`. */
function maskQuery(text: string): string {
  return text.replace(QUERY_PART, (part, start: string, name: string) =>
    looksSecretQuery(name) ? `${start}${MASK}` : part,
  );
}
