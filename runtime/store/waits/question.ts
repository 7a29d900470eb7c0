/**
 * Questions: a row holds the text that a task instance asks, and the answer. It is
 * written with the wait of the try. A row may also hold an answer to a question that is
 * still to be asked.
 */
import type { AskSpec } from "../../../sdk/spec/index.ts";
import type { TaskState } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { enqueueCallbacks } from "./callback.ts";

/** A question as the try of an instance returned it. */
interface InstanceQuestion {
  readonly id: number;
  readonly ask: AskSpec;
}

/** A longer time than 300 years would be beyond the range of a timestamp. */
const LONGEST_MS = 300 * 365 * 86_400_000;

const QUESTIONS = rowsOf<InstanceQuestion>({
  id: ["bigint", ({ id }) => id],
  subject: ["text", ({ ask }) => ask.subject],
  body: ["text", ({ ask }) => ask.body],
  otherwise: ["json", ({ ask }) => ask.otherwise],
  remind_ms: ["float8", ({ ask }) => ask.reminderMs && Math.min(ask.reminderMs, LONGEST_MS)],
});

// An answer that came before its question stays: the wait for it is over when it begins.
const PUT: Statement = {
  name: "question_put",
  text: `
insert into dagsmith.question (run_id, task_id, map_index, state, task_instance_id, try_number,
  subject, body, otherwise, asked_at, remind_every, remind_at)
select t.run_id, t.task_id, t.map_index, 'open', t.id, t.try_number, v.subject, v.body,
  v.otherwise, now(), v.remind_ms * interval '1 millisecond',
  now() + v.remind_ms * interval '1 millisecond'
from ${QUESTIONS.as("v")} join dagsmith.task_instance t on t.id = v.id
on conflict (run_id, task_id, map_index) do update set
  task_instance_id = excluded.task_instance_id, try_number = excluded.try_number,
  subject = excluded.subject, body = excluded.body, otherwise = excluded.otherwise,
  asked_at = excluded.asked_at, remind_every = excluded.remind_every,
  remind_at = excluded.remind_at,
  state = case when question.state = 'early' then 'early' else 'open' end,
  answer = case when question.state = 'early' then question.answer end,
  answered_by = case when question.state = 'early' then question.answered_by end,
  answered_at = case when question.state = 'early' then question.answered_at end`,
};

/** A question of a run, and the instance that asks it. */
export interface AskedQuestion {
  readonly state: "early" | "open" | "answered" | "timed_out" | "closed" | null;
  readonly answeredBy: string | null;
  readonly answeredAt: Date | null;
  /** Null while there is no instance. */
  readonly instanceId: number | null;
  readonly tryNumber: number | null;
  readonly lostTries: number | null;
  readonly clearedTries: number | null;
  readonly instanceState: TaskState | "none" | null;
}

const OF_INSTANCE: Statement = {
  name: "question_of_instance",
  text: `
select q.state, q.answered_by as "answeredBy", q.answered_at as "answeredAt", t.id as "instanceId",
  t.try_number as "tryNumber", t.lost_tries as "lostTries", t.cleared_tries as "clearedTries",
  t.state as "instanceState"
from (select $1::bigint as run_id, $2::text as task_id, $3::int as map_index) v
left join dagsmith.question q using (run_id, task_id, map_index)
left join dagsmith.task_instance t using (run_id, task_id, map_index)`,
};

/** An answer of a person. */
export interface Answer {
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  /** JSON text. */
  readonly json: string;
  readonly by: string;
}

const ANSWER: Statement = {
  name: "question_answer",
  text: `
insert into dagsmith.question (run_id, task_id, map_index, state, answer, answered_by, answered_at)
values ($1, $2, $3, 'early', $4, $5, now())
on conflict (run_id, task_id, map_index) do update set
  state = $6, answer = excluded.answer, answered_by = excluded.answered_by, answered_at = now()`,
};

/** A question whose wait is over, named by its instance. */
interface QuestionRef {
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
}

const REFS = rowsOf<QuestionRef>({
  run_id: ["bigint", ({ runId }) => runId],
  task_id: ["text", ({ taskId }) => taskId],
  map_index: ["int", ({ mapIndex }) => mapIndex],
});

// Also ends the question whose answer came before it was asked.
const END: Statement = {
  name: "question_end",
  text: `
update dagsmith.question q
set state = case q.state when 'early' then 'answered' else 'timed_out' end
from ${REFS.as("v")}
where q.run_id = v.run_id and q.task_id = v.task_id and q.map_index = v.map_index
  and q.state in ('early', 'open')`,
};

/** Whether the instance of the question `q` still waits for an answer. */
export const STILL_ASKED = `exists (
  select from dagsmith.task_instance t
  where t.id = q.task_instance_id and t.try_number = q.try_number and t.state = 'deferred'
  offset 0)`;

const CLOSE: Statement = {
  name: "question_close",
  text: `
update dagsmith.question set state = 'closed' where id in (
  select q.id from dagsmith.question q where q.state = 'open' and not ${STILL_ASKED}
  for update of q skip locked)`,
};

// Every scheduler may run this: one of them moves the time of a question.
const REMIND: Statement = {
  name: "question_remind",
  text: `
with due as (
  select q.id from dagsmith.question q
  where q.state = 'open' and q.remind_at <= now() order by q.remind_at limit $1
  for update skip locked
), moved as (
  update dagsmith.question q set remind_at = now() + q.remind_every from due where q.id = due.id
  returning q.run_id, q.task_instance_id, q.try_number, q.subject, ${STILL_ASKED} as is_asked
), made as (
  insert into dagsmith.callback (run_id, task_instance_id, try_number, event, reason)
  select run_id, task_instance_id, try_number, 'onAsk', 'reminder: ' || subject from moved
  where is_asked
  returning id
), queued as (${enqueueCallbacks("made")})
select (select count(*)::int from moved) as reminded, (select count from queued) as queued`,
};

/** Writes the questions of tries that have just begun to wait. */
export async function putQuestions(
  db: Queryable,
  questions: readonly InstanceQuestion[],
): Promise<void> {
  if (questions.length > 0) await db.query(PUT, QUESTIONS.values(questions));
}

/** What is known of a question; states are null where there is no row. */
export async function askedQuestion(
  db: Queryable,
  { runId, taskId, mapIndex }: QuestionRef,
): Promise<AskedQuestion> {
  type Row = AskedQuestion & Record<string, unknown>;
  const [row] = await db.query<Row>(OF_INSTANCE, [runId, taskId, mapIndex]);
  return row as AskedQuestion;
}

/**
 * Stores an answer.
 * @param isAsked whether the question waits for it; else the answer came early
 */
export async function putAnswer(
  db: Queryable,
  { runId, taskId, mapIndex, json, by }: Answer,
  isAsked: boolean,
): Promise<void> {
  const state = isAsked ? "answered" : "early";
  await db.query(ANSWER, [runId, taskId, mapIndex, json, by, state]);
}

/** Ends questions whose time is over, and those that were answered before. */
export async function endQuestions(
  db: Queryable,
  questions: readonly QuestionRef[],
): Promise<void> {
  if (questions.length > 0) await db.query(END, REFS.values(questions));
}

/** Closes the questions of instances that no longer wait. */
export async function closeQuestions(db: Queryable): Promise<void> {
  await db.query(CLOSE);
}

/** Queues the callbacks of due reminders. @returns how many were due */
export async function remindQuestions(db: Queryable, limit: number): Promise<number> {
  const [row] = await db.query<{ reminded: number }>(REMIND, [limit]);
  return row?.reminded ?? 0;
}
