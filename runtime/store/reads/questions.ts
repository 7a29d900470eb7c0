/** Questions as people see them: those that are open, and that of one instance. */
import type { Json } from "../../../sdk/json.ts";
import type { QuestionSpec } from "../../../sdk/spec/index.ts";
import { Plans } from "../dags/plans.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { STILL_ASKED } from "../waits/question.ts";
import { isVisible, type VisibleTags } from "./dag_tags.ts";

/** A question, and what its DAG says about answers. */
export interface QuestionRow extends QuestionSpec {
  readonly id: number;
  /** The number of the run. */
  readonly run: number;
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  /** `open` only while its task waits. */
  readonly state: "early" | "open" | "answered" | "timed_out" | "closed";
  /** Of the newest version of its DAG. */
  readonly tags: readonly string[];
  /** Null for an answer that came before its question. */
  readonly subject: string | null;
  readonly body: string | null;
  readonly askedAt: Date | null;
  /** Until when the task waits; null for no limit, and for a question that is not open. */
  readonly until: Date | null;
  readonly answer: Json;
  readonly answeredBy: string | null;
  readonly answeredAt: Date | null;
}

/** Which open questions to list. */
export interface QuestionQuery {
  readonly limit: number;
  /** Only questions with a higher id. Default: from the first. */
  readonly after?: number | null;
  /** Only of this run. Default: of all. */
  readonly run?: number | null;
  /** Of DAGs that a caller may see. Default: of all. */
  readonly visible?: VisibleTags;
}

// A wait without a limit has a time far away.
const QUESTION = `
select q.id, q.run_id as run, r.dag_id as "dagId", r.run_id as "runId", q.task_id as "taskId",
  q.map_index as "mapIndex", r.version_id as "versionId", q.subject, q.body,
  case when q.state = 'open' and not ${STILL_ASKED} then 'closed' else q.state end as state,
  coalesce((
    select newest.spec -> 'tags' from dagsmith.dag d
    join dagsmith.dag_version newest on newest.id = d.version_id where d.dag_id = r.dag_id
  ), '[]') as tags, q.asked_at as "askedAt", w.due_at as until,
  coalesce(q.answer, 'null') as answer, q.answered_by as "answeredBy", q.answered_at as "answeredAt"
from dagsmith.question q join dagsmith.dag_run r on r.id = q.run_id
left join dagsmith.task_wait w on w.task_instance_id = q.task_instance_id
  and w.try_number = q.try_number and w.kind = 'ask' and w.due_at < '2200-01-01'`;

const OPEN: Statement = {
  name: "question_list_open",
  text: `${QUESTION}
where q.state = 'open' and ${STILL_ASKED} and q.id > coalesce($2::bigint, 0)
  and ($3::bigint is null or q.run_id = $3) and ${isVisible("r.dag_id", "$4")}
order by q.id limit $1`,
};

const OF_INSTANCE: Statement = {
  name: "question_see",
  text: `${QUESTION} where q.run_id = $1 and q.task_id = $2 and q.map_index = $3`,
};

/** Open questions that are counted. More are shown as so many and more. */
export const MOST_COUNTED = 99;

const COUNT: Statement = {
  name: "question_count_open",
  text: `
select count(*)::int as count from (
  select from dagsmith.question q join dagsmith.dag_run r on r.id = q.run_id
  where q.state = 'open' and ${STILL_ASKED} and ${isVisible("r.dag_id", "$1")}
  limit ${MOST_COUNTED + 1}
) open`,
};

type Row = Omit<QuestionRow, keyof QuestionSpec> & {
  readonly versionId: number;
} & Record<string, unknown>;

/** Open questions, the oldest first. */
export async function openQuestions(
  db: Queryable,
  { limit, after = null, run = null, visible = null }: QuestionQuery,
): Promise<readonly QuestionRow[]> {
  return withSpecs(db, await db.query<Row>(OPEN, [limit, after, run, visible]));
}

/** The question of an instance, open or not; null for none. */
export async function questionOf(
  db: Queryable,
  runId: number,
  taskId: string,
  mapIndex: number,
): Promise<QuestionRow | null> {
  const found = await db.query<Row>(OF_INSTANCE, [runId, taskId, mapIndex]);
  return (await withSpecs(db, found))[0] ?? null;
}

/** How many questions are open, at most {@link MOST_COUNTED} and one. */
export async function countOpenQuestions(db: Queryable, visible: VisibleTags): Promise<number> {
  const [row] = await db.query<{ count: number }>(COUNT, [visible]);
  return row?.count ?? 0;
}

/** What a question of a version that has no such question any more says. */
const UNKNOWN: QuestionSpec = { formSchema: null, options: [], assignees: [], role: "admin" };

async function withSpecs(db: Queryable, rows: readonly Row[]): Promise<readonly QuestionRow[]> {
  if (rows.length === 0) return [];
  const plans = await new Plans().get(
    db,
    rows.map(({ versionId }) => versionId),
  );
  return rows.map(({ versionId, ...row }) => ({
    ...(plans.get(versionId)?.plan.tasks.get(row.taskId)?.spec.ask ?? UNKNOWN),
    ...row,
  }));
}
