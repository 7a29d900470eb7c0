/** Single moves: the transitions that verbs made, applied where their guards allow it. */
import type { ClaimedInstance } from "../../engine/store.ts";
import type { Transition } from "../../state/transition.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { putWaits, waitsOf } from "../waits/task_wait.ts";
import { jsonOrNull } from "./instance_columns.ts";
import { MOVED, type MovedRow, movedOf } from "./moved_instance.ts";
import { HAS_ENDED, MAY_LEAVE, moveByAnyVerb } from "./transition.ts";

const MOVES = rowsOf<Transition>({
  id: ["bigint", (move) => move.instanceId],
  try_number: ["int", (move) => move.tryNumber],
  held_by: ["text", (move) => move.heldBy],
  from_states: ["text", (move) => move.from.join()],
  to_state: ["text", (move) => move.to],
  next_try: ["int", (move) => move.nextTry],
  worker_id: ["text", (move) => move.workerId],
  retry_in_ms: ["float8", (move) => move.retryInMs],
  reason: ["text", (move) => move.reason],
  error: ["json", (move) => jsonOrNull(move.error)],
  lost: ["int", (move) => (move.history === "lost" ? 1 : 0)],
  marks: ["boolean", (move) => move.verb === "mark"],
});

/** Whether the row `t` is at the try of the transition `v`, and held by its worker. */
const IS_TRY = "t.try_number = v.try_number and (v.held_by is null or t.worker_id = v.held_by)";

// A person marks an instance that has ended: it keeps its error, and its reason says how
// it had ended.
const IS_MARKED_AGAIN = `v.marks and ${HAS_ENDED}`;
const REASONS =
  "left(v.reason || '; before that ' || t.state || coalesce(': ' || t.reason, ''), 2000)";

// The rows are found by their primary key. The guard is in the same statement, so a row
// that has moved on is not updated.
const APPLY: Statement = {
  name: "task_instance_apply",
  text: `
${moveByAnyVerb({
  to: "v.to_state",
  workerId: "v.worker_id",
  retryAt: "now() + v.retry_in_ms * interval '1 millisecond'",
  nextTry: "v.next_try",
  more: {
    try_number: "v.next_try",
    lost_tries: "case v.to_state when 'none' then 0 else t.lost_tries + v.lost end",
    cleared_tries:
      "case v.to_state when 'none' then greatest(v.next_try - 1, 0) else t.cleared_tries end",
    pokes:
      "case when v.next_try <> t.try_number then 0 when v.to_state = 'up_for_reschedule' then t.pokes + 1 else t.pokes end",
    reason: `case when ${IS_MARKED_AGAIN} then ${REASONS} else v.reason end`,
    error: `case when ${IS_MARKED_AGAIN} then coalesce(v.error, t.error) else v.error end`,
  },
  rows: `from ${MOVES.as("v")}
where t.id = v.id and ${IS_TRY}`,
})}
returning ${MOVED}`,
};

const ENDED_TRIES = rowsOf<Transition>({
  id: ["bigint", (move) => move.instanceId],
  try_number: ["int", (move) => move.tryNumber],
  held_by: ["text", (move) => move.heldBy],
  from_states: ["text", (move) => move.from.join()],
  history: ["text", (move) => move.history],
  reason: ["text", (move) => move.reason],
  error: ["json", (move) => jsonOrNull(move.error)],
});

// The try is copied under the same guard, before the instance moves on to its next try.
const REMEMBER_TRY: Statement = {
  name: "task_try_remember",
  text: `
insert into dagsmith.task_try (task_instance_id, try_number, state, worker_id, started_at, finished_at, reason, error)
select t.id, t.try_number, v.history, t.worker_id, t.started_at,
  coalesce(t.finished_at, now()), coalesce(v.reason, t.reason), coalesce(v.error, t.error)
from ${ENDED_TRIES.as("v")}
join dagsmith.task_instance t on t.id = v.id
where ${IS_TRY} and ${MAY_LEAVE}
on conflict do nothing`,
};

/**
 * Applies transitions; a worker starts tries by `startTries` instead. Transitions that
 * their guards refuse are missing in the result.
 */
export async function applyTransitions(
  db: Queryable,
  transitions: readonly Transition[],
): Promise<readonly ClaimedInstance[]> {
  if (transitions.length === 0) return [];
  const ended = transitions.filter(({ history }) => history !== null);
  if (ended.length > 0) await db.query(REMEMBER_TRY, ENDED_TRIES.values(ended));
  const rows = await db.query<MovedRow>(APPLY, MOVES.values(transitions));
  await putWaits(db, waitsOf(transitions, rows));
  return rows.map(movedOf);
}
