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

const NOTE: Statement = {
  name: "run_note",
  text: "update dagsmith.dag_run set note = $2 where id = $1",
};

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
