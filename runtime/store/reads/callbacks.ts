/**
 * Callbacks as people see them: the callbacks of a run, all with their logs or in pages.
 */
import type { CallbackContext } from "../../../sdk/task/callback.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { AFTER_LAST_ID } from "../database/page_bounds.ts";

const CALLBACK = `c.id, t.task_id as "taskId", t.map_index as "mapIndex",
  c.try_number as "tryNumber", c.event, c.ordinal, c.state, c.reason, c.failure, c.attempts,
  c.created_at as "createdAt", c.finished_at as "finishedAt"`;
const FROM = `
from dagsmith.callback c left join dagsmith.task_instance t on t.id = c.task_instance_id`;

const LIST: Statement = {
  name: "callback_list",
  text: `select ${CALLBACK}, c.lines ${FROM} where c.run_id = $1 order by c.id`,
};

// Without the logs, which may be long. Two statements, so that each is planned for its
// index.
const BEFORE = `c.id < coalesce($2::bigint, ${AFTER_LAST_ID})`;
const PAGE: Statement = {
  name: "callback_page",
  text: `
select ${CALLBACK} ${FROM} where c.run_id = $1 and ${BEFORE} order by c.id desc limit $3`,
};
const PAGE_OF_INSTANCE: Statement = {
  name: "callback_page_of_instance",
  text: `
select ${CALLBACK} ${FROM} where c.task_instance_id = $1 and ${BEFORE} order by c.id desc limit $3`,
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
export function listCallbacks(db: Queryable, runId: number): Promise<readonly CallbackSummary[]> {
  return db.query<CallbackSummary & Record<string, unknown>>(LIST, [runId]);
}

/** Callbacks on one page. */
export const CALLBACKS_PER_PAGE = 50;

/**
 * Callbacks of a run and its tasks, or of one instance: newest first, before an id,
 * without logs.
 */
export function pageOfCallbacks(
  db: Queryable,
  query: {
    readonly runId: number;
    readonly instanceId: number | null;
    readonly before: number | null;
  },
): Promise<readonly Omit<CallbackSummary, "lines">[]> {
  const { runId, instanceId, before } = query;
  const [statement, of] = instanceId === null ? [PAGE, runId] : [PAGE_OF_INSTANCE, instanceId];
  return db.query<CallbackSummary & Record<string, unknown>>(statement, [
    of,
    before,
    CALLBACKS_PER_PAGE,
  ]);
}
