/** The audit log, newest first. */
import type { Json } from "../../../sdk/json.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { AFTER_LAST_ID } from "../database/page_bounds.ts";

/** An action that was taken. */
export interface AuditRow {
  readonly id: number;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly dagId: string | null;
  readonly runId: string | null;
  readonly detail: Json;
}

const AUDIT =
  'select id, at, actor, action, dag_id as "dagId", run_id as "runId", detail from dagsmith.audit';

const BEFORE = `id < coalesce($2::bigint, ${AFTER_LAST_ID})`;

// Two statements, so that each is planned for its index.
const LIST: Statement = {
  name: "audit_list",
  text: `${AUDIT} where ${BEFORE} order by id desc limit $1`,
};
const LIST_OF: Statement = {
  name: "audit_list_of",
  text: `${AUDIT} where dag_id = $3 and ${BEFORE} order by id desc limit $1`,
};

/** Newest first, those before an entry's id; of one DAG or of all. */
export function listAudit(
  db: Queryable,
  {
    dagId,
    before,
    limit,
  }: { readonly dagId: string | null; readonly before: number | null; readonly limit: number },
): Promise<readonly AuditRow[]> {
  return dagId === null
    ? db.query<AuditRow & Record<string, unknown>>(LIST, [limit, before])
    : db.query<AuditRow & Record<string, unknown>>(LIST_OF, [limit, before, dagId]);
}
