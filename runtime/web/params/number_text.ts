/**
 * Numbers as people write them, and as JSON has them; a number that would change is
 * refused.
 */
import type { Json } from "../../../sdk/json.ts";

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
/** Numbers with so many digits are always carried exactly. */
const SAFE_DIGITS = 15;

/** Undefined for a text that is no number, or that a number cannot carry exactly. */
export function numberOf(text: string): number | undefined {
  const value = Number(text);
  return NUMBER.test(text) && Number.isFinite(value) && isExact(text, value) ? value : undefined;
}

function isExact(text: string, value: number): boolean {
  const digits = digitsOf(text);
  return digits.length <= SAFE_DIGITS || digits === digitsOf(String(value));
}

/** The digits that count: without sign, point, exponent and the zeros around. */
function digitsOf(text: string): string {
  const mantissa = text.split(/e/i)[0] ?? "";
  return mantissa.replace(/\D/g, "").replace(/^0+/, "").replace(/0+$/, "");
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/**
 * @throws SyntaxError for text that is no JSON, RangeError for a number that would change
 */
export function parseExactly(text: string): Json {
  const refuse: Reviver = (_key, value, { source }) => {
    if (typeof value === "number" && source !== undefined && numberOf(source) === undefined)
      throw new RangeError(source);
    return value;
  };
  return JSON.parse(text, refuse as (key: string, value: unknown) => unknown) as Json;
}
