/** The audit log: one row for each action. */
import type { Json } from "../../../sdk/json.ts";
import type { Queryable, Statement } from "../database/database.ts";

const RECORD: Statement = {
  name: "audit_record",
  text: `
insert into dagsmith.audit (actor, action, dag_id, run_id, detail) values ($1, $2, $3, $4, $5)`,
};

export interface AuditEntry {
  /** A person's name, or the program that acted. */
  readonly actor: string;
  readonly action: string;
  readonly dagId?: string;
  readonly runId?: string;
  readonly detail?: Json;
}

export async function audit(
  db: Queryable,
  { actor, action, dagId, runId, detail }: AuditEntry,
): Promise<void> {
  await db.query(RECORD, [
    actor,
    action,
    dagId ?? null,
    runId ?? null,
    JSON.stringify(detail ?? {}),
  ]);
}
