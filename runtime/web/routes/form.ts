/**
 * The parts that the forms of the pages share: reading them, and turning typed texts into
 * values.
 */
import { type RequestHandler, urlencoded } from "express";
import { isDagsmithError } from "../../../sdk/errors.ts";
import type { WebServices } from "../http/services.ts";

/** The fields of a form as they were sent. */
export type Sent = Readonly<Record<string, string>>;

/** Bodies of forms: flat, small, few fields. */
export const readForm: RequestHandler = urlencoded({
  extended: false,
  limit: "1mb",
  parameterLimit: 500,
});

/**
 * Undefined for an empty text. Text that is not a number stays text, and the schema
 * refuses it.
 */
export function numberOf(text: string): number | undefined {
  if (text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isNaN(value) ? (text as unknown as number) : value;
}

/**
 * `a=1, b=2`. A part without `=` becomes a key with an empty value, which is refused if
 * it is no key.
 */
export function labelsOf(text: string): Readonly<Record<string, string>> {
  const parts = text.split(",").map((part) => part.trim());
  return Object.fromEntries(
    parts
      .filter((part) => part !== "")
      .map((part) => {
        const at = part.indexOf("=");
        return at < 0 ? [part, ""] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
      }),
  );
}

/**
 * The message of an error that the form shows, so that the typed values are kept.
 * @param passOn codes of errors that are not about the typed values
 * @throws the error itself when the form cannot show it
 */
export function shownError(
  { mask }: WebServices,
  error: unknown,
  passOn: readonly string[],
): string {
  if (!isDagsmithError(error) || passOn.includes(error.code)) throw error;
  return mask(error.message);
}
