/** The audit log: one row for each action. */
import type { Json } from "../../../sdk/json.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

export interface AuditEntry {
  /** A person's name, or the program that acted. */
  readonly actor: string;
  readonly action: string;
  readonly dagId?: string;
  readonly runId?: string;
  readonly detail?: Json;
}

const ENTRIES = rowsOf<AuditEntry>({
  actor: ["text", ({ actor }) => actor],
  action: ["text", ({ action }) => action],
  dag_id: ["text", ({ dagId }) => dagId ?? null],
  run_id: ["text", ({ runId }) => runId ?? null],
  detail: ["json", ({ detail }) => JSON.stringify(detail ?? {})],
});

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
