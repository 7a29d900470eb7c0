/**
 * Fingerprints: a short text for the content of a page, which differs as soon as any of
 * it changed. They are read once a second while a page is open, so each is one cheap
 * statement. Every update gives a row a new xmin, higher than all before. So a sum over
 * xmin and a count change with any insert, update or delete, whatever column it changes.
 */
import type { Queryable, Statement } from "../database/database.ts";

/** What a page can follow. */
export type Topic =
  | { readonly kind: "home" }
  | { readonly kind: "inbox" }
  | { readonly kind: "dag"; readonly dagId: string }
  | { readonly kind: "run"; readonly id: number }
  | { readonly kind: "task"; readonly id: number; readonly taskId: string }
  | { readonly kind: "log"; readonly instanceId: number; readonly tryNumber: number };

const mark = (rows: string): string =>
  `(select concat(count(*), '.', sum(xmin::text::bigint)) from ${rows})`;

// Finished runs are not counted: a run that ends leaves the set of active ones, and a new
// one raises the highest id.
const HOME: Statement = {
  name: "changes_home",
  text: `
select concat_ws('-', ${mark("dagsmith.dag")}, ${mark("dagsmith.import_error")},
  ${mark("dagsmith.dag_run where state in ('queued', 'running')")},
  (select max(id) from dagsmith.dag_run)) as mark`,
};

// By the index of open questions.
const INBOX: Statement = {
  name: "changes_inbox",
  text: `select ${mark("dagsmith.question where state = 'open'")} as mark`,
};

const DAG: Statement = {
  name: "changes_dag",
  text: `
select concat_ws('-', ${mark("dagsmith.dag where dag_id = $1")}, ${mark("dagsmith.backfill where dag_id = $1")},
  (select concat(count(*), '.', sum(x)) from (
    select xmin::text::bigint as x from dagsmith.dag_run where dag_id = $1 order by id desc limit 50) newest),
  (select concat(count(*), '.', sum(t.xmin::text::bigint)) from dagsmith.dag_run r join dagsmith.task_instance t on t.run_id = r.id
    where r.dag_id = $1 and r.state = 'running'), (select max(id) from dagsmith.audit where dag_id = $1)) as mark`,
};

const RUN: Statement = {
  name: "changes_run",
  text: `select concat_ws('-', ${mark("dagsmith.dag_run where id = $1")}, ${mark("dagsmith.dag_run_label where run_id = $1")},
  ${mark("dagsmith.task_instance where run_id = $1")}, ${mark("dagsmith.callback where run_id = $1")}) as mark`,
};

// Only a running try reports fields, and its row changes when it ends. So of 10,000 mapped
// instances only those that run are looked up.
const REPORTED = mark(`dagsmith.rendered_fields where task_instance_id in (
    select id from dagsmith.task_instance where run_id = $1 and task_id = $2 and state = 'running')`);

const TASK: Statement = {
  name: "changes_task",
  text: `
select concat_ws('-', ${mark("dagsmith.dag_run where id = $1")},
  ${mark("dagsmith.task_instance where run_id = $1 and task_id = $2")},
  ${mark("dagsmith.step where run_id = $1 and task_id = $2")}, ${REPORTED},
  ${mark("dagsmith.callback where run_id = $1")}) as mark`,
};

const LOG: Statement = {
  name: "changes_log",
  text: `
select concat_ws('-', (select max(seq) from dagsmith.log_chunk where task_instance_id = $1 and try_number = $2),
  ${mark("dagsmith.task_instance where id = $1")}) as mark`,
};

function statement(topic: Topic): readonly [Statement, readonly unknown[]] {
  switch (topic.kind) {
    case "home":
      return [HOME, []];
    case "inbox":
      return [INBOX, []];
    case "dag":
      return [DAG, [topic.dagId]];
    case "run":
      return [RUN, [topic.id]];
    case "task":
      return [TASK, [topic.id, topic.taskId]];
    case "log":
      return [LOG, [topic.instanceId, topic.tryNumber]];
  }
}

/** The fingerprint of a topic now. */
export async function fingerprint(db: Queryable, topic: Topic): Promise<string> {
  const [row] = await db.query<{ mark: string }>(...statement(topic));
  return row?.mark ?? "";
}
