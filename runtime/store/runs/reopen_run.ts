/** How a run goes on after a person cleared or marked instances of it. */
import type { Json } from "../../../sdk/json.ts";
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rememberGeneration } from "./run_generation.ts";
import { moveRuns } from "./run_transition.ts";

// A run of a backfill that has ended counts among the runs of its DAG from now on.
const REOPEN: Statement = {
  name: "dag_run_reopen",
  text: `
${moveRuns(["reopen", "goOn"], {
  to: "case when r.state = 'running' then 'running' else 'queued' end",
  more: {
    generation: "r.generation + 1",
    version_id: "coalesce($2, r.version_id)",
    params: "coalesce($3, r.params)",
    backfill_id: `(
    select b.id from dagsmith.backfill b where b.id = r.backfill_id and b.ended_at is null)`,
  },
  rows: "where r.id = $1",
})}
returning r.state`,
};

/** What else changes in a reopened run; null: the version stays, undefined: the params stay. */
export interface Reopening {
  readonly versionId: number | null;
  readonly params: Json | undefined;
}

/** Reopens a locked run. @returns its state: a running run goes on, any other is queued */
export async function reopenRunRow(
  on: Queryable,
  runId: number,
  { versionId, params }: Reopening,
): Promise<RunState | undefined> {
  const given = params === undefined ? null : JSON.stringify(params);
  if (versionId !== null || given !== null) await rememberGeneration(on, runId, versionId, given);
  const [row] = await on.query<{ state: RunState }>(REOPEN, [runId, versionId, given]);
  return row?.state;
}

const ADOPT: Statement = {
  name: "dag_run_adopt",
  text: `
update dagsmith.dag_run set run_type = 'backfill', backfill_id = $2, backfill_ordinal = $3
where id = $1`,
};

/** Makes a run one of a backfill. */
export async function adoptRun(
  on: Queryable,
  runId: number,
  backfill: { readonly id: number; readonly ordinal: number },
): Promise<void> {
  await on.query(ADOPT, [runId, backfill.id, backfill.ordinal]);
}
