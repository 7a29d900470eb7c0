/**
 * Values that PostgreSQL does not take: replaced where that is harmless, recognised
 * elsewhere.
 */

/**
 * The values of a statement as PostgreSQL takes them. It refuses a text that contains a
 * NUL, and the whole statement with it. The text of one task must not stop the others, so
 * a NUL becomes the sign for it. JSON text holds no NUL: there it is escaped.
 */
export function storable(values: readonly unknown[]): unknown[] {
  return values.map((value) =>
    Array.isArray(value) ? value.map(storableValue) : storableValue(value),
  );
}

function storableValue(value: unknown): unknown {
  return typeof value === "string" && value.includes("\0")
    ? value.replaceAll("\0", "\u2400")
    : value;
}

/**
 * Classes of PostgreSQL's codes: data exception, integrity violation, program limit
 * exceeded.
 */
const REFUSED_CLASSES = new Set(["22", "23", "54"]);

/**
 * Whether the values of a statement are at fault: the database refuses them each time.
 */
export function isRefusedValue(error: unknown): boolean {
  // Of this process: text that is no JSON, and values that are too large to be sent
  // together.
  if (error instanceof SyntaxError || error instanceof RangeError) return true;
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" && code.length === 5 && REFUSED_CLASSES.has(code.slice(0, 2));
}
