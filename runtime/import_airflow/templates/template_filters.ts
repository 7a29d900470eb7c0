/** Filters of Jinja, as TypeScript. */
import { tableOf } from "../table_of.ts";
import { changed, type RunValue } from "./run_value.ts";
import { writtenDate } from "./template_names.ts";

const TEXT_FILTERS: Readonly<Record<string, string>> = tableOf({
  upper: ".toUpperCase()",
  lower: ".toLowerCase()",
  trim: ".trim()",
});

/**
 * The value after a filter of Jinja.
 * @param fallback the argument of `default`
 */
export function filtered(
  value: RunValue,
  filter: string,
  fallback: RunValue | undefined,
): RunValue | undefined {
  if (value.type === "date") return writtenDate(value, filter);
  if (filter === "tojson") return changed(value, `JSON.stringify(${value.text})`, "text");
  if (filter === "string") return changed(value, `String(${value.text})`, "text");
  const method = TEXT_FILTERS[filter];
  if (method !== undefined) return changed(value, `String(${value.text})${method}`, "text");
  if (filter !== "default" && filter !== "d") return undefined;
  return fallback && changed(value, `(${value.text} ?? ${fallback.text})`, "json");
}
