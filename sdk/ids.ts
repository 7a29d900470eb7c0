/**
 * Ids of DAGs, tasks and groups. Ids stand in commands, addresses and file names, so few
 * characters are allowed.
 */
import { DagsmithError } from "./errors.ts";

/** Ids with another meaning in commands, addresses and stored objects. */
const RESERVED_IDS = ["__proto__", "constructor", "prototype", "new", "all", ".", ".."];

/** @throws DagsmithError INVALID_ID */
export function refuseBadId(kind: "DAG" | "task" | "group", id: string): void {
  if (typeof id === "string" && /^[\w.-]{1,200}$/.test(id) && !RESERVED_IDS.includes(id)) return;
  throw new DagsmithError("INVALID_ID", { kind, id: shown(id), reserved: RESERVED_IDS.join(", ") });
}

/**
 * A value as messages show it. The contents of a file that was passed by mistake must not
 * fill the screen.
 */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
