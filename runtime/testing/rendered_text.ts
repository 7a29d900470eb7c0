/** Rendered fields as lines of a log, for tasks that run in the process of a command. */
import type { Json } from "../../sdk/json.ts";
import { maskedField } from "../secrets/masked_json.ts";

/**
 * `sql: select 1`, a line for each field. Hides values under names of secrets. The command
 * masks the secrets of connections in all its output.
 */
export function renderedText(fields: Readonly<Record<string, Json>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${textOf(maskedField((text) => text, name, value))}`)
    .join("\n");
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
