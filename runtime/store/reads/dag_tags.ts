/**
 * The tags of DAGs, for permissions: those of the DAG to which a run, a backfill or an
 * instance belongs, and whether a caller may see a DAG in a list.
 */
import type { Queryable, Statement } from "../database/database.ts";

/** How an address names the DAG that it is about. */
export type DagReference =
  | { readonly of: "dag"; readonly dagId: string }
  | { readonly of: "run" | "backfill" | "instance"; readonly id: number };

/** The tags that a caller may see, the DAGs of which a list shows. Null: all DAGs. */
export type VisibleTags = readonly string[] | null;

/**
 * SQL: whether the newest version of a DAG has one of the tags.
 * @param dagId the SQL of the DAG's id
 * @param tags the parameter with {@link VisibleTags}
 */
export const isVisible = (
  dagId: string,
  tags: string,
): string => `(${tags}::text[] is null or ${dagId} in (
  select seen.dag_id from dagsmith.dag seen
  join dagsmith.dag_version tagged on tagged.id = seen.version_id
  where (tagged.spec -> 'tags')::jsonb ?| ${tags}))`;

const statement = (of: DagReference["of"], dagId: string): Statement => ({
  name: `tags_of_${of}`,
  text: `
select v.spec -> 'tags' as tags
from dagsmith.dag d join dagsmith.dag_version v on v.id = d.version_id
where d.dag_id = ${dagId}`,
});

const STATEMENTS: Readonly<Record<DagReference["of"], Statement>> = {
  dag: statement("dag", "$1"),
  run: statement("run", "(select dag_id from dagsmith.dag_run where id = $1)"),
  backfill: statement("backfill", "(select dag_id from dagsmith.backfill where id = $1)"),
  instance: statement(
    "instance",
    `(select r.dag_id from dagsmith.task_instance t join dagsmith.dag_run r on r.id = t.run_id
      where t.id = $1)`,
  ),
};

const VISIBLE: Statement = {
  name: "visible_dags",
  text: `
select dag_id as "dagId" from unnest($1::text[]) as asked (dag_id)
where ${isVisible("dag_id", "$2")}`,
};

/** Those of the DAGs that have one of the tags. */
export async function visibleDags(
  db: Queryable,
  dagIds: readonly string[],
  visible: VisibleTags,
): Promise<ReadonlySet<string>> {
  if (visible === null || dagIds.length === 0) return new Set(dagIds);
  const rows = await db.query<{ dagId: string }>(VISIBLE, [[...new Set(dagIds)], visible]);
  return new Set(rows.map(({ dagId }) => dagId));
}

/** The tags of the DAG; none when there is no such DAG. */
export async function dagTags(db: Queryable, which: DagReference): Promise<readonly string[]> {
  const named = which.of === "dag" ? which.dagId : which.id;
  const [row] = await db.query<{ tags: string[] | null }>(STATEMENTS[which.of], [named]);
  return row?.tags ?? [];
}
