/**
 * The version and params of earlier tries of a run. A run has one version at a time. When
 * a clear changes it, the old one is kept here, apart from the history of tries, so that
 * a try costs nothing.
 */
import type { Json } from "../../../sdk/json.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

/** What is to change of a run; null: it stays. */
interface Change {
  readonly id: number;
  readonly versionId: number | null;
  /** As JSON text. */
  readonly params: string | null;
}

const CHANGES = rowsOf<Change>({
  id: ["bigint", ({ id }) => id],
  version_id: ["bigint", ({ versionId }) => versionId],
  params: ["json", ({ params }) => params],
});

const REMEMBER: Statement = {
  name: "dag_run_generation_remember",
  text: `
insert into dagsmith.dag_run_generation (run_id, version_id, params)
select r.id, r.version_id, r.params from ${CHANGES.as("v")} join dagsmith.dag_run r on r.id = v.id
where r.version_id <> coalesce(v.version_id, r.version_id)
  or r.params::text <> coalesce(v.params, r.params)::text`,
};

// The transaction that starts a try begins after the end of the one that changed the run,
// so their times tell which generation the try had.
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

/** Keeps the generations of locked runs before they change. */
export async function rememberGenerations(
  on: Queryable,
  changes: readonly Change[],
): Promise<void> {
  const real = changes.filter(({ versionId, params }) => versionId !== null || params !== null);
  if (real.length > 0) await on.query(REMEMBER, CHANGES.values(real));
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
