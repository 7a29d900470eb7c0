/** How runs end from outside: cancelled, timed out, or marked by a person. */
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { queueRunCallbacks } from "../waits/callback.ts";
import { moveRuns } from "./run_transition.ts";

/** A run to be ended, and why. */
interface EndedRun {
  readonly id: number;
  readonly reason: string;
}

const ENDS = rowsOf<EndedRun>({
  id: ["bigint", ({ id }) => id],
  reason: ["text", ({ reason }) => reason],
});

const ENDING = { reason: "v.reason", rows: `from ${ENDS.as("v")} where r.id = v.id` };

const CANCEL: Statement = {
  name: "dag_run_cancel",
  text: `${moveRuns(["cancel"], ENDING)} returning r.id`,
};

const TIME_OUT: Statement = {
  name: "dag_run_time_out",
  text: `${moveRuns(["timeOut"], ENDING)} returning r.id`,
};

const FORGET_WAITS: Statement = {
  name: "dag_run_delete_depends_on_past_waits",
  text: "delete from dagsmith.depends_on_past_wait where run_id = any($1)",
};

/** Cancels runs. @returns the ids of those that were active */
export function cancelRunRows(
  tx: Queryable,
  runs: readonly EndedRun[],
): Promise<readonly number[]> {
  return endAll(tx, CANCEL, runs);
}

/** Ends running runs as timed out. @returns the ids of those that still ran */
export function timeOutRuns(tx: Queryable, runs: readonly EndedRun[]): Promise<readonly number[]> {
  return endAll(tx, TIME_OUT, runs);
}

async function endAll(
  tx: Queryable,
  statement: Statement,
  runs: readonly EndedRun[],
): Promise<readonly number[]> {
  const ended = (await tx.query<{ id: number }>(statement, ENDS.values(runs))).map(({ id }) => id);
  if (ended.length > 0) {
    await tx.query(FORGET_WAITS, [ended]);
    await queueRunCallbacks(tx, ended);
  }
  return ended;
}

// By the index on timeout_at: it has only running runs with a time limit. A run that a
// frozen transaction holds is left for the next pass.
const OVERDUE: Statement = {
  name: "dag_run_overdue",
  text: `
select id, started_at, timeout_at from dagsmith.dag_run
where state = 'running' and timeout_at <= now() order by timeout_at limit $1
for no key update skip locked`,
};

/** A run that takes longer than its DAG allows. */
export interface OverdueRun {
  readonly id: number;
  readonly allowedMs: number;
}

/**
 * Overdue runs that no other transaction holds, the longest overdue first. Locks them
 * when `db` is a transaction.
 */
export async function overdueRuns(db: Queryable, limit: number): Promise<readonly OverdueRun[]> {
  const rows = await db.query<{ id: number; started_at: Date; timeout_at: Date }>(OVERDUE, [limit]);
  return rows.map((row) => ({
    id: row.id,
    allowedMs: row.timeout_at.getTime() - row.started_at.getTime(),
  }));
}

const MARK: Statement = {
  name: "dag_run_mark",
  text: moveRuns(["mark"], {
    to: "$2",
    reason: "$3",
    more: { open_tasks: "0", generation: "r.generation + 1" },
    rows: "where r.id = $1",
  }),
};

/** Ends a run as a person decides, in any state. */
export async function markRunRow(
  tx: Queryable,
  id: number,
  state: "success" | "failed",
  reason: string,
): Promise<void> {
  await tx.query(FORGET_WAITS, [[id]]);
  await tx.query(MARK, [id, state, reason]);
  await queueRunCallbacks(tx, [id]);
}
