/** Labels of runs: what people and backfills call them by. */

import type { Queryable, Statement } from "../database/database.ts";
import { columns } from "../database/unnest.ts";

export type Labels = Readonly<Record<string, string>>;

const PUT: Statement = {
  name: "run_label_put",
  text: `
insert into dagsmith.dag_run_label (run_id, key, value) select * from unnest($1::bigint[], $2::text[], $3::text[])
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

/** Gives runs these labels; others that they have stay. */
export async function labelRuns(
  db: Queryable,
  runIds: readonly number[],
  labels: Labels,
): Promise<void> {
  const rows = runIds.flatMap((id) =>
    Object.entries(labels).map(([key, value]) => ({ id, key, value })),
  );
  if (rows.length === 0) return;
  await db.query(
    PUT,
    columns(rows, ({ id, key, value }) => [id, key, value]),
  );
}

export async function unlabelRun(
  db: Queryable,
  runId: number,
  keys: readonly string[],
): Promise<void> {
  await db.query(REMOVE, [runId, keys]);
}

/** @param note null takes it away */
export async function setNote(db: Queryable, runId: number, note: string | null): Promise<void> {
  await db.query(NOTE, [runId, note]);
}
