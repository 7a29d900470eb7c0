/**
 * Finds texts that a database cannot take apart again. PostgreSQL stores them inside
 * JSON, but fails whenever it reads a field of that JSON: one DAG would break the list of
 * all.
 */

/**
 * The path of the first text with a NUL or half of a surrogate pair; undefined without
 * one.
 */
export function unstorableText(value: unknown, path = ""): string | undefined {
  if (typeof value === "string")
    return value.includes("\0") || !value.isWellFormed() ? path : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, part] of Object.entries(value)) {
    const found = unstorableText(name, `${path}.?`) ?? unstorableText(part, `${path}.${name}`);
    if (found !== undefined) return found.replace(/^\./, "");
  }
  return undefined;
}
