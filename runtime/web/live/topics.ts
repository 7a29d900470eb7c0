/** Topics: what a page can follow, as part of an address, and the fingerprint of each. */
import type { Queryable } from "../../store/database/database.ts";
import { fingerprint, type Topic } from "../../store/reads/changes.ts";

/**
 * The fingerprint of the rows that a page is about to read. Taken first, so that a change
 * in between counts as a change.
 */
export function markOf(reader: Queryable, topic: string): Promise<string> {
  const parsed = parseTopic(topic);
  return parsed ? fingerprint(reader, parsed) : Promise.resolve("");
}

/**
 * Parses a topic: `home`, `inbox`, `dag:<id>`, `run:<id>` or `task:<run>:<task>`.
 * @returns undefined for any other text
 */
export function parseTopic(text: string): Topic | undefined {
  const [kind, first = "", second = "", ...rest] = text.split(":");
  if (rest.length > 0 || (kind !== "task" && second !== "")) return undefined;
  const id = /^\d{1,15}$/.test(first) ? Number(first) : undefined;
  if (text === "home" || text === "inbox") return { kind: text };
  if (kind === "dag" && isId(first)) return { kind, dagId: first };
  if (kind === "run" && id !== undefined) return { kind, id };
  if (kind === "task" && id !== undefined && isId(second)) return { kind, id, taskId: second };
  return undefined;
}

function isId(text: string): boolean {
  return /^[\w.-]{1,200}$/.test(text);
}
