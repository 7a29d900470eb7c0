/** Labels and notes that people and backfills give to runs. */
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

export type Labels = Readonly<Record<string, string>>;

const LABELS = rowsOf<{ readonly id: number; readonly key: string; readonly value: string }>({
  run_id: ["bigint", ({ id }) => id],
  key: ["text", ({ key }) => key],
  value: ["text", ({ value }) => value],
});

const PUT: Statement = {
  name: "run_label_put",
  text: `
insert into dagsmith.dag_run_label (${LABELS.names}) select * from ${LABELS.unnest}
on conflict (run_id, key) do update set value = excluded.value`,
};

const REMOVE: Statement = {
  name: "run_label_remove",
  text: "delete from dagsmith.dag_run_label where run_id = $1 and key = any($2)",
};

const READ: Statement = {
  name: "run_annotations",
  text: `
select note, (
  select coalesce(json_object_agg(l.key, l.value order by l.key), '{}')
  from dagsmith.dag_run_label l where l.run_id = r.id
) as labels
from dagsmith.dag_run r where id = $1 for update`,
};

const NOTE: Statement = {
  name: "run_note",
  text: "update dagsmith.dag_run set note = $2 where id = $1",
};

/** The try that writes, and the worker that holds it. */
interface Holder {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly workerId: string;
}

// Guarded by the try: a worker that was declared lost must write nothing more.
const HELD = `
held as (
  select t.run_id from dagsmith.task_instance t
  where t.id = $1 and t.try_number = $2 and t.worker_id = $3 and t.state = 'running'
  for share of t
)`;

const LABEL_HELD: Statement = {
  name: "run_label_held",
  text: `
with ${HELD}
insert into dagsmith.dag_run_label (run_id, key, value) select run_id, $4, $5 from held
on conflict (run_id, key) do update set value = excluded.value
returning 1 as written`,
};

const NOTE_HELD: Statement = {
  name: "run_note_held",
  text: `
with ${HELD}
update dagsmith.dag_run r set note = $4 from held where r.id = held.run_id returning 1 as written`,
};

/** Gives the run of a try a label. @returns false when the worker has lost the try */
export async function labelHeldRun(
  db: Queryable,
  { key, value }: { readonly key: string; readonly value: string },
  { instanceId, tryNumber, workerId }: Holder,
): Promise<boolean> {
  const values = [instanceId, tryNumber, workerId, key, value];
  return (await db.query(LABEL_HELD, values)).length > 0;
}

/**
 * Writes the note of the run of a try.
 * @param note null: removes the note
 * @returns false when the worker has lost the try
 */
export async function noteHeldRun(
  db: Queryable,
  note: string | null,
  { instanceId, tryNumber, workerId }: Holder,
): Promise<boolean> {
  return (await db.query(NOTE_HELD, [instanceId, tryNumber, workerId, note])).length > 0;
}

/** What people have written on a run. */
export interface Annotations {
  readonly note: string | null;
  readonly labels: Labels;
}

/** Locks the run, so that nothing changes before the commit. */
export async function holdAnnotations(tx: Queryable, runId: number): Promise<Annotations> {
  const [row] = await tx.query<Annotations & Record<string, unknown>>(READ, [runId]);
  return row ?? { note: null, labels: {} };
}

/** Gives runs these labels; their other labels stay. */
export async function labelRuns(
  db: Queryable,
  runIds: readonly number[],
  labels: Labels,
): Promise<void> {
  const rows = runIds.flatMap((id) =>
    Object.entries(labels).map(([key, value]) => ({ id, key, value })),
  );
  if (rows.length > 0) await db.query(PUT, LABELS.values(rows));
}

export async function unlabelRun(
  db: Queryable,
  runId: number,
  keys: readonly string[],
): Promise<void> {
  await db.query(REMOVE, [runId, keys]);
}

/** @param note null: removes the note */
export async function setNote(db: Queryable, runId: number, note: string | null): Promise<void> {
  await db.query(NOTE, [runId, note]);
}
