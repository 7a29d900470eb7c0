/**
 * What a word may mean: DAGs, tasks and assets by a part of their name. The statements
 * read DAGs and assets, never their history.
 */
import type { Queryable, Statement } from "../database/database.ts";
import { isVisible, type VisibleTags } from "./dag_tags.ts";

export interface FoundNames {
  readonly dags: readonly { readonly dagId: string; readonly description: string | null }[];
  readonly tasks: readonly { readonly dagId: string; readonly taskId: string }[];
  readonly assets: readonly { readonly uri: string }[];
}

// Names that begin with the word come first, then the shortest.
const order = (name: string): string =>
  `strpos(lower(${name}), lower($1)) > 1, length(${name}), ${name}`;

const DAGS: Statement = {
  name: "search_dags",
  text: `
select d.dag_id as "dagId", v.spec ->> 'description' as description
from dagsmith.dag d left join dagsmith.dag_version v on v.id = d.version_id
where d.removed_at is null and strpos(lower(d.dag_id), lower($1)) > 0
  and ${isVisible("d.dag_id", "$3")}
order by ${order("d.dag_id")} limit $2`,
};

const TASKS: Statement = {
  name: "search_tasks",
  text: `
select d.dag_id as "dagId", t.task ->> 'taskId' as "taskId"
from dagsmith.dag d join dagsmith.dag_version v on v.id = d.version_id,
  json_array_elements(v.spec -> 'tasks') as t (task)
where d.removed_at is null and strpos(lower(t.task ->> 'taskId'), lower($1)) > 0
  and ${isVisible("d.dag_id", "$3")}
order by ${order("t.task ->> 'taskId'")}, d.dag_id limit $2`,
};

const ASSETS: Statement = {
  name: "search_assets",
  text: `
select uri from dagsmith.asset where strpos(lower(uri), lower($1)) > 0
order by ${order("uri")} limit $2`,
};

/** What a caller may find. */
export interface SearchScope {
  readonly visible: VisibleTags;
  /** Whether assets are found: they have no tags. */
  readonly assets: boolean;
}

/** At most `limit` of each kind. */
export async function searchNames(
  db: Queryable,
  word: string,
  limit: number,
  scope: SearchScope,
): Promise<FoundNames> {
  const values = [word, limit, scope.visible];
  const [dags, tasks, assets] = await Promise.all([
    db.query<FoundNames["dags"][number] & Record<string, unknown>>(DAGS, values),
    db.query<FoundNames["tasks"][number] & Record<string, unknown>>(TASKS, values),
    scope.assets ? findAssets(db, word, limit) : [],
  ]);
  return { dags, tasks, assets };
}

function findAssets(db: Queryable, word: string, limit: number): Promise<FoundNames["assets"]> {
  return db.query<FoundNames["assets"][number] & Record<string, unknown>>(ASSETS, [word, limit]);
}
