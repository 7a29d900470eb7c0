/** Entries of the audit about versions of DAGs that became current, or were removed. Pure. */
import type { Json } from "../../sdk/json.ts";
import type { AuditEntry } from "../store/access/audit.ts";

/** What was done, by whom, and which versions were current before. */
interface Change {
  readonly actor: string;
  readonly detail: Readonly<Record<string, Json>>;
  readonly was: ReadonlyMap<string, number>;
}

export function changedEntry(
  action: "deploy" | "rollback" | "promote",
  { dagId, version }: { readonly dagId: string; readonly version: number },
  { actor, detail, was }: Change,
): AuditEntry {
  const change = { before: shown(was.get(dagId)), after: shown(version) };
  return { actor, action, dagId, detail: { version, ...detail }, ...change };
}

export function removedEntry(dagId: string, { actor, detail, was }: Change): AuditEntry {
  return { actor, action: "remove", dagId, detail, before: shown(was.get(dagId)) };
}

const shown = (version: number | undefined): Json => (version === undefined ? null : { version });
