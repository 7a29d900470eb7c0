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

/** Which entries; null: any. */
export interface AuditFilter {
  readonly dagId: string | null;
  /** The first word of the actor: a user, or the program that acted. */
  readonly user: string | null;
  readonly action: string | null;
  /** Inclusive. */
  readonly from: Date | null;
  /** Exclusive. */
  readonly to: Date | null;
}

export const ANY_ENTRY: AuditFilter = {
  ...{ dagId: null, user: null, action: null, from: null, to: null },
};

export interface AuditQuery extends AuditFilter {
  /** Entries before this one; null: from the newest on. */
  readonly before: number | null;
  readonly limit: number;
}

const USER = "split_part(actor, ' ', 1)";
const IN_TIME = "($3::timestamptz is null or at >= $3) and ($4::timestamptz is null or at < $4)";
const WITHOUT = {
  dagId: "($5::text is null or dag_id = $5)",
  user: `($6::text is null or ${USER} = $6)`,
  action: "($7::text is null or action = $7)",
} as const;
type Field = keyof typeof WITHOUT;

/** @param first the condition that an index begins with; the others are for its rows */
const list = (name: string, field: Field | null, first: string): Statement => ({
  name,
  text: `
${AUDIT} where ${first} and ${IN_TIME}
  ${Object.entries(WITHOUT)
    .filter(([other]) => other !== field)
    .map(([, condition]) => `and ${condition}`)
    .join(" ")}
order by id desc limit $1`,
});

const BEFORE = `id < coalesce($2::bigint, ${AFTER_LAST_ID})`;

// One statement for each index, so that each is planned for its own.
const LIST = list("audit_list", null, BEFORE);
const LIST_OF = {
  dagId: list("audit_list_of_dag", "dagId", `dag_id = $5 and ${BEFORE}`),
  user: list("audit_list_of_user", "user", `${USER} = $6 and ${BEFORE}`),
  action: list("audit_list_of_action", "action", `action = $7 and ${BEFORE}`),
} as const satisfies Readonly<Record<Field, Statement>>;

/** Newest first. */
export function listAudit(db: Queryable, query: AuditQuery): Promise<readonly AuditRow[]> {
  const { dagId, user, action, from, to, before, limit } = query;
  const field = (["dagId", "user", "action"] as const).find((one) => query[one] !== null);
  const statement = field === undefined ? LIST : LIST_OF[field];
  const values = [limit, before, from, to, dagId, user, action];
  return db.query<AuditRow & Record<string, unknown>>(statement, values);
}

/** Entries that one statement of {@link eachAudit} reads. */
const PAGE = 1_000;

/** Every entry, newest first, page by page: the log may be larger than the memory. */
export async function* eachAudit(
  db: Queryable,
  filter: AuditFilter,
): AsyncGenerator<readonly AuditRow[]> {
  for (let before: number | null = null; ; ) {
    const found: readonly AuditRow[] = await listAudit(db, { ...filter, before, limit: PAGE });
    if (found.length > 0) yield found;
    if (found.length < PAGE) return;
    before = found.at(-1)?.id ?? null;
  }
}
