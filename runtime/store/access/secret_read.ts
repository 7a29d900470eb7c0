/** Which runs and DAGs have read which secrets. */
import type { Queryable, Statement } from "../database/database.ts";
import type { SealedKind } from "./sealed.ts";

export interface SecretRead {
  readonly kind: SealedKind;
  readonly id: string;
  /** The row of the run, and its id. */
  readonly run: { readonly id: number; readonly runId: string };
  readonly dagId: string;
  /** The task or callback that asked first, for the audit. */
  readonly actor: string;
}

// Only the first reading by a run writes to the audit, so that a task which asks for a
// connection in each of its 1,000 items leaves one row.
const RECORD: Statement = {
  name: "secret_read_record",
  text: `
with first as (
  insert into dagsmith.secret_read (run_id, kind, id) values ($1, $2, $3)
  on conflict do nothing returning run_id
), used as (
  insert into dagsmith.secret_use (kind, id, dag_id) select $2, $3, $4 from first
  on conflict (kind, id, dag_id) do update set last_used_at = now()
)
insert into dagsmith.audit (actor, action, dag_id, run_id, detail)
select $5, 'read ' || $2::text, $4, $6, json_build_object('id', $3::text) from first`,
};

/** Records that a run reads a secret. Does nothing when it has read it before. */
export async function recordSecretRead(
  db: Queryable,
  { kind, id, run, dagId, actor }: SecretRead,
): Promise<void> {
  await db.query(RECORD, [run.id, kind, id, dagId, actor, run.runId]);
}

/** A DAG that has read a secret, or that names it. */
export interface SecretUse {
  readonly id: string;
  readonly dagId: string;
  /**
   * When one of its runs first read it, of the last run that did. Null: the DAG names it,
   * and no run has read it.
   */
  readonly lastUsedAt: Date | null;
}

const USES: Statement = {
  name: "secret_uses",
  text: `
select id, dag_id as "dagId", last_used_at as "lastUsedAt" from dagsmith.secret_use
where kind = $1
union all
select named.id, d.dag_id, null
from dagsmith.dag d join dagsmith.dag_version v on v.id = d.version_id
cross join lateral (
  select c.id from json_array_elements_text(v.spec -> 'connections') as c (id)
  where $1 = 'connection'
  union
  select e.source ->> case $1 when 'connection' then 'connection' else 'secret' end
  from json_array_elements(v.spec -> 'on') as e (source)
) as named
where d.removed_at is null and named.id is not null
order by 1, 2`,
};

/** The DAGs that have read secrets of a kind, and those that name them, by id. */
export function secretUses(db: Queryable, kind: SealedKind): Promise<readonly SecretUse[]> {
  return db.query<SecretUse>(USES, [kind]);
}
