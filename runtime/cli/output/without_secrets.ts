/**
 * Rows as a command prints them: without secrets, as the page shows them. It is apart from
 * tables and documents, so that both are made of the same masked rows.
 */
import { maskNamed } from "../../secrets/masked_json.ts";

/** The same rows, with a mask in place of each secret. */
export type Hide = <Rows>(rows: Rows) => Rows;

/**
 * Names of columns that stay as they are: ids, which are addresses, and our own words. A
 * secret such as `postgres` must not hide the type of a connection.
 */
const KEPT: ReadonlySet<string> = new Set([
  ...["dagId", "runId", "taskId", "groupId", "group", "parentGroup", "upstream", "name", "key"],
  ...["uri", "scope", "file", "hash", "version", "versionHash", "tags", "options", "assignees"],
  ...["state", "runState", "runType", "type", "kind", "event", "action", "decision", "gate"],
  ...["level", "code", "operator", "triggerRule", "schedule", "timezone", "role", "reprocess"],
]);

/** JSON of users and tasks: what stands in it under a name that looks secret is masked. */
const OF_USERS: ReadonlySet<string> = new Set([
  ...["params", "detail", "extra", "value", "answer", "labels"],
]);

export const withoutSecrets =
  (mask: (text: string) => string): Hide =>
  (rows) =>
    hidden(mask, rows, "") as typeof rows;

function hidden(mask: (text: string) => string, value: unknown, name: string): unknown {
  if (OF_USERS.has(name)) return maskNamed(mask, value);
  if (typeof value === "string") return KEPT.has(name) ? value : mask(value);
  if (Array.isArray(value)) return value.map((item) => hidden(mask, item, name));
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([inner, item]) => [inner, hidden(mask, item, inner)]),
  );
}
