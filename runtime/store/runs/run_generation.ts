/**
 * Which code and params the earlier tries of a run had. A run has one version at a time; when a clear gives it another, what it had is kept
 * here, apart from the history of tries, so that a try costs nothing for it.
 */
import type { Json } from "../../../sdk/json.ts";
import type { Queryable, Statement } from "../database/database.ts";

const REMEMBER: Statement = {
  name: "dag_run_generation_remember",
  text: `
insert into dagsmith.dag_run_generation (run_id, version_id, params)
select id, version_id, params from dagsmith.dag_run
where id = $1 and (version_id <> coalesce($2, version_id) or params::text <> coalesce($3::json, params)::text)`,
};

// A try begins in a transaction that begins after the end of the one that gave the run what it has, so the two times tell.
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

/** What a run had. */
export interface RunGeneration {
  readonly versionId: number;
  readonly params: Json;
}

/** Keeps what a run has that is about to get something else; null for what stays. The run is held. */
export async function rememberGeneration(
  on: Queryable,
  runId: number,
  versionId: number | null,
  params: string | null,
): Promise<void> {
  await on.query(REMEMBER, [runId, versionId, params]);
}

/** What the run had when a try of it ran; undefined when it still has that, or the try never began. */
export async function generationOfTry(
  db: Queryable,
  runId: number,
  { instanceId, tryNumber }: { readonly instanceId: number; readonly tryNumber: number },
): Promise<RunGeneration | undefined> {
  return (
    await db.query<RunGeneration & Record<string, unknown>>(OF_TRY, [runId, instanceId, tryNumber])
  )[0];
}
