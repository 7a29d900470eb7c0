/** The audit log: one row for each action. */
import type { Json } from "../../../sdk/json.ts";
import type { AuditedAs } from "../../access/audited.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

interface Entry {
  /** A person's name, or the program that acted. */
  readonly actor: string;
  readonly dagId?: string;
  readonly runId?: string;
  readonly detail?: Readonly<Record<string, Json>>;
}

/**
 * An action, with what it changed. Null before or after: there was nothing, or there is
 * nothing now. Both are stored in `detail`. They never hold a secret.
 */
export type AuditEntry = Entry &
  (
    | { readonly action: AuditedAs<"change">; readonly before: Json; readonly after: Json }
    | { readonly action: AuditedAs<"creation">; readonly after: Json }
    | { readonly action: AuditedAs<"removal">; readonly before: Json }
    | { readonly action: AuditedAs<"act"> }
  );

/** The longest JSON, in characters, that an entry keeps of what was before or after. */
const LONGEST = 4_000;

const ENTRIES = rowsOf<AuditEntry>({
  actor: ["text", ({ actor }) => actor],
  action: ["text", ({ action }) => action],
  dag_id: ["text", ({ dagId }) => dagId ?? null],
  run_id: ["text", ({ runId }) => runId ?? null],
  detail: ["json", (entry) => JSON.stringify(detailOf(entry))],
});

function detailOf(entry: AuditEntry): Json {
  return {
    ...entry.detail,
    ...("before" in entry && { before: small(entry.before) }),
    ...("after" in entry && { after: small(entry.after) }),
  };
}

/** A log of large values would grow faster than the values. */
function small(value: Json): Json {
  const { length } = JSON.stringify(value);
  return length <= LONGEST ? value : { characters: length };
}

const RECORD: Statement = {
  name: "audit_record",
  text: `
insert into dagsmith.audit (${ENTRIES.names}) select * from ${ENTRIES.unnest}`,
};

/** Records one action. */
export async function audit(db: Queryable, entry: AuditEntry): Promise<void> {
  await auditAll(db, [entry]);
}

/** Records actions with one statement, in their order. */
export async function auditAll(db: Queryable, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length > 0) await db.query(RECORD, ENTRIES.values(entries));
}
