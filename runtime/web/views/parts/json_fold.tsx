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
      <JsonValue text={value.length < bytes ? `${value}…` : value} />
    </details>
  );
}
