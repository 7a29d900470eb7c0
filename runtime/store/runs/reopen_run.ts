/** How runs go on after a person cleared or marked instances of them. */
import type { Json } from "../../../sdk/json.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { rememberGenerations } from "./run_generation.ts";
import { moveRuns } from "./run_transition.ts";

/** A run to reopen, and what else changes in it. */
export interface Reopening {
  readonly id: number;
  /** Null: the version stays. */
  readonly versionId: number | null;
  /** Undefined: the params stay. */
  readonly params: Json | undefined;
}

const paramsText = ({ params }: Reopening): string | null =>
  params === undefined ? null : JSON.stringify(params);

const REOPENINGS = rowsOf<Reopening>({
  id: ["bigint", ({ id }) => id],
  version_id: ["bigint", ({ versionId }) => versionId],
  params: ["json", paramsText],
});

// A run of a backfill that has ended counts among the runs of its DAG from now on.
const REOPEN: Statement = {
  name: "dag_run_reopen",
  text: `
${moveRuns(["reopen", "goOn"], {
  to: "case when r.state = 'running' then 'running' else 'queued' end",
  more: {
    generation: "r.generation + 1",
    version_id: "coalesce(v.version_id, r.version_id)",
    params: "coalesce(v.params, r.params)",
    backfill_id: `(
    select b.id from dagsmith.backfill b where b.id = r.backfill_id and b.ended_at is null)`,
  },
  rows: `from ${REOPENINGS.as("v")} where r.id = v.id`,
})}
returning r.id, r.state`,
};

/** Reopens locked runs. @returns those that run; any other is queued */
export async function reopenRunRows(
  on: Queryable,
  runs: readonly Reopening[],
): Promise<readonly number[]> {
  await rememberGenerations(
    on,
    runs.map((run) => ({ ...run, params: paramsText(run) })),
  );
  const rows = await on.query<{ id: number; state: string }>(REOPEN, REOPENINGS.values(runs));
  return rows.flatMap(({ id, state }) => (state === "running" ? [id] : []));
}

/** A run of a backfill, and its position there. */
interface AdoptedRun {
  readonly id: number;
  readonly ordinal: number;
}

const ADOPTED = rowsOf<AdoptedRun>(
  {
    id: ["bigint", ({ id }) => id],
    ordinal: ["int", ({ ordinal }) => ordinal],
  },
  2,
);

const ADOPT: Statement = {
  name: "dag_run_adopt",
  text: `
update dagsmith.dag_run r
set run_type = 'backfill', backfill_id = $1, backfill_ordinal = v.ordinal
from ${ADOPTED.as("v")} where r.id = v.id`,
};

/** Makes runs those of a backfill. */
export async function adoptRuns(
  on: Queryable,
  backfillId: number,
  runs: readonly AdoptedRun[],
): Promise<void> {
  await on.query(ADOPT, [backfillId, ...ADOPTED.values(runs)]);
}
