/** Callbacks as people see them: those of a run, in pages or all of them with what they logged. */
import type { CallbackContext } from "../../../sdk/task/callback.ts";
import type { Queryable, Statement } from "../database/database.ts";

// What a callback logged may be long, and only some ask for it. A limit of null is none.
const LIST: Statement = {
  name: "callback_list",
  text: `
select c.id, t.task_id as "taskId", t.map_index as "mapIndex", c.try_number as "tryNumber", c.event, c.ordinal, c.state, c.reason, c.failure,
  c.attempts, c.created_at as "createdAt", c.finished_at as "finishedAt", case when $5 then c.lines else '' end as lines
from dagsmith.callback c left join dagsmith.task_instance t on t.id = c.task_instance_id
where c.run_id = $1 and ($2::bigint is null or c.task_instance_id = $2) and ($3::bigint is null or c.id < $3)
order by c.id desc limit $4`,
};

/** A callback as people see it. */
export interface CallbackSummary {
  readonly id: number;
  readonly taskId: string | null;
  readonly mapIndex: number | null;
  readonly tryNumber: number | null;
  readonly event: CallbackContext["event"];
  readonly ordinal: number;
  readonly state: "queued" | "running" | "success" | "failed";
  readonly reason: string | null;
  readonly failure: string | null;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  /** Newline-delimited JSON, of a callback of the run. */
  readonly lines: string;
}

/** All callbacks of a run and its tasks, in the order in which they were queued. */
export async function listCallbacks(
  db: Queryable,
  runId: number,
): Promise<readonly CallbackSummary[]> {
  return (
    await db.query<CallbackSummary & Record<string, unknown>>(LIST, [runId, null, null, null, true])
  ).toReversed();
}

/** Callbacks on one page. */
export const CALLBACKS_PER_PAGE = 50;

/** Callbacks of a run and its tasks, or of one instance; the newest first, those before an id, without what they logged. */
export function pageOfCallbacks(
  db: Queryable,
  query: {
    readonly runId: number;
    readonly instanceId: number | null;
    readonly before: number | null;
  },
): Promise<readonly Omit<CallbackSummary, "lines">[]> {
  const { runId, instanceId, before } = query;
  return db.query<CallbackSummary & Record<string, unknown>>(LIST, [
    runId,
    instanceId,
    before,
    CALLBACKS_PER_PAGE,
    false,
  ]);
}
