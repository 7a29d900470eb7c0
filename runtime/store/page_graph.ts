/** The drawn graph of a version: made once, kept with it. */
import type { Json } from "../../sdk/json.ts";
import type { Queryable, Statement } from "./database.ts";

const GET: Statement = { name: "page_graph_get", text: "select layout from dagsmith.dag_version where id = $1" };

const KEEP: Statement = {
  name: "page_graph_keep",
  text: "update dagsmith.dag_version set layout = $2 where id = $1 and layout is null",
};

/** The layout kept with a version; null when it was never drawn. */
export async function getLayout(db: Queryable, versionId: number): Promise<Json> {
  const [row] = await db.query<{ layout: Json }>(GET, [versionId]);
  return row?.layout ?? null;
}

export async function keepLayout(db: Queryable, versionId: number, layout: Json): Promise<void> {
  await db.query(KEEP, [versionId, JSON.stringify(layout)]);
}
