/** A JSON value of a row: short ones at once, longer ones behind their size. */
import type { VNode } from "preact";
import { JsonValue } from "./json_value.tsx";

/** Longer texts are folded. Characters. */
const SHORT = 200;

/**
 * @param value JSON text, which may be cut; null for none
 * @param bytes the size of the whole value
 */
export function JsonFold({
  value,
  bytes,
}: {
  readonly value: string | null;
  readonly bytes: number;
}): VNode | null {
  if (value === null) return null;
  if (value.length <= SHORT) return <JsonValue text={value} />;
  return (
    <details>
      <summary class="faint">{bytes} bytes</summary>
      <JsonValue text={shownText(value, bytes)} />
    </details>
  );
}

/** Characters after which the store cuts a value. */
const CUT = 20_000;

/**
 * The text with a mark where it was cut. A whole text may have fewer characters than
 * bytes: up to four bytes are one character, and masked secrets are shorter.
 */
export function shownText(value: string, bytes: number): string {
  return value.length >= CUT || bytes > value.length * 4 ? `${value}…` : value;
}
