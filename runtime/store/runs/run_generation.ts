/**
 * The version and params of earlier tries of a run. A run has one version at a time. When a
 * clear changes it, the old one is kept here, apart from the history of tries, so that a try
 * costs nothing.
 */
import type { Json } from "../../../sdk/json.ts";
import type { Queryable, Statement } from "../database/database.ts";

const REMEMBER: Statement = {
  name: "dag_run_generation_remember",
  text: `
insert into dagsmith.dag_run_generation (run_id, version_id, params)
select id, version_id, params from dagsmith.dag_run
where id = $1 and (version_id <> coalesce($2, version_id)
  or params::text <> coalesce($3::json, params)::text)`,
};

// The transaction that starts a try begins after the end of the one that changed the run, so their
// times tell which generation the try had.
const OF_TRY: Statement = {
  name: "dag_run_generation_of_try",
  text: `
select version_id as "versionId", params from dagsmith.dag_run_generation
where run_id = $1 and replaced_at > (
  select started_at from dagsmith.task_try where task_instance_id = $2 and try_number = $3
  union all
  select started_at from dagsmith.task_instance where id = $2 and try_number = $3
  limit 1)
order by replaced_at limit 1`,
};

/** The version and params of a run. */
export interface RunGeneration {
  readonly versionId: number;
  readonly params: Json;
}

/** Keeps the generation of a locked run before its change. A null value does not change. */
export async function rememberGeneration(
  on: Queryable,
  runId: number,
  versionId: number | null,
  params: string | null,
): Promise<void> {
  await on.query(REMEMBER, [runId, versionId, params]);
}

/** The generation of a try; undefined: the current one, or the try never started. */
export async function generationOfTry(
  db: Queryable,
  runId: number,
  { instanceId, tryNumber }: { readonly instanceId: number; readonly tryNumber: number },
): Promise<RunGeneration | undefined> {
  return (
    await db.query<RunGeneration & Record<string, unknown>>(OF_TRY, [runId, instanceId, tryNumber])
  )[0];
}
