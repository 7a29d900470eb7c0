/**
 * The drawn graph of a version: made once, kept with it. One in another format, made by
 * an older dagsmith, counts as not made.
 */
import type { Json } from "../../../sdk/json.ts";
import type { Queryable, Statement } from "../database/database.ts";

const GET: Statement = {
  name: "dag_layout_get",
  text: "select layout from dagsmith.dag_version where id = $1 and (layout ->> 'format')::int = $2",
};

// One that a newer dagsmith made stays: of two side by side, neither undoes what the
// other did.
const KEEP: Statement = {
  name: "dag_layout_keep",
  text: `
update dagsmith.dag_version set layout = $2::json
where id = $1 and coalesce((layout ->> 'format')::int, 0) < ($2::json ->> 'format')::int`,
};

/** The layout kept with a version; null when it was never drawn in this format. */
export async function getLayout(db: Queryable, versionId: number, format: number): Promise<Json> {
  const [row] = await db.query<{ layout: Json }>(GET, [versionId, format]);
  return row?.layout ?? null;
}

/** @param layout says its format, as `format` */
export async function keepLayout(db: Queryable, versionId: number, layout: Json): Promise<void> {
  await db.query(KEEP, [versionId, JSON.stringify(layout)]);
}
