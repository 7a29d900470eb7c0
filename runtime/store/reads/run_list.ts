/**
 * Lists of runs, newest first: by filters that an index answers, and by filters that look
 * at a bounded number of runs.
 */
import { escapeLiteral } from "pg";
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { AFTER_LAST_ID } from "../database/page_bounds.ts";
import type { RunType } from "../runs/dag_run.ts";
import { isVisible, type VisibleTags } from "./dag_tags.ts";
import { RUN, type RunDetail, runs } from "./runs.ts";

const TABLE = "from dagsmith.dag_run r";

/** Which runs to list; a filter that is missing or null lets every run through. */
export interface RunQuery {
  readonly limit: number;
  readonly dagId?: string | undefined;
  readonly state?: RunState | null | undefined;
  /** Only runs with a lower id: the id of the last run on the page before. */
  readonly before?: number | null;
  /** A label that the runs have. */
  readonly label?: { readonly key: string; readonly value: string } | null | undefined;
  readonly type?: RunType | null | undefined;
  /** The number of a version. */
  readonly version?: number | null | undefined;
  /** A tag of the newest version of their DAG. */
  readonly tag?: string | null | undefined;
  /** Runs of DAGs that a caller may see. Default: of all DAGs. */
  readonly visible?: VisibleTags | undefined;
  /** Bounds of the logical date: the first inclusive, the second exclusive. */
  readonly from?: Date | null | undefined;
  readonly to?: Date | null | undefined;
}

/**
 * Filters without an index of their own look at so many runs at a time: otherwise a rare
 * type would read the whole history for one page.
 */
export const SEARCHED_RUNS = 2_000;

/** Runs that were found, and where the search goes on; null: no older run matches. */
export interface FoundRuns {
  readonly runs: readonly RunDetail[];
  readonly before: number | null;
}

/** A page of runs by any filters. It may have fewer runs than `limit` and still go on. */
export async function searchRuns(db: Queryable, query: RunQuery): Promise<FoundRuns> {
  const found = await listRuns(db, query);
  const isFull = found.length === query.limit;
  const last = isFull ? found.at(-1)?.id : await searchEdge(db, query);
  return { runs: found, before: last ?? null };
}

/** The id of the last run that one page of a search looks at; null: it looks at all. */
async function searchEdge(db: Queryable, query: RunQuery): Promise<number | null> {
  if (filtersOf(query, String).length === 0) return null;
  const {
    limit: _,
    type: _t,
    version: _v,
    tag: _g,
    from: _f,
    to: _o,
    visible: _s,
    ...indexed
  } = query;
  const [{ name, text }, values] = listOf({ ...indexed, limit: SEARCHED_RUNS });
  const ids = text.replace(RUN, `select r.id ${TABLE}`);
  const edge = `select min(id) as id, count(*)::int as count from (${ids}) searched`;
  const statement = { name: `${name}_edge`, text: edge };
  const [row] = await db.query<{ id: number; count: number }>(statement, values);
  return row && row.count === SEARCHED_RUNS ? row.id : null;
}

const TAGGED = `
select d.dag_id from dagsmith.dag d join dagsmith.dag_version tv on tv.id = d.version_id
where (tv.spec -> 'tags')::jsonb ? $tag`;

/** Runs, newest first. */
export function listRuns(db: Queryable, query: RunQuery): Promise<readonly RunDetail[]> {
  return runs(db, ...listOf(query));
}

/** A condition, and its part of the name of the statement. */
type Condition = readonly [name: string, sql: string];
/** Takes a value, and returns its parameter. */
type Parameter = (value: unknown) => string;

/**
 * A list of runs, with the statement of its set of filters. One statement with optional
 * conditions would be planned once for all of them, and would search all runs for a rare
 * state. The state is part of the text, so that the indexes over active and over failed
 * runs fit. A page begins below an id, so that the last page is as fast as the first.
 */
function listOf(query: RunQuery): readonly [Statement, readonly unknown[]] {
  const values: unknown[] = [query.limit, query.before ?? null];
  const parameter: Parameter = (value) => `$${values.push(value)}`;
  const indexed = indexedOf(query, parameter);
  const filters = filtersOf(query, parameter);
  const id = query.label ? "wanted.run_id" : "r.id";
  const label = "\njoin dagsmith.dag_run_label wanted on wanted.run_id = r.id";
  const ordered = `${query.label ? label : ""} where ${sqlOf(indexed)} order by ${id} desc limit`;
  const name = ["run_list", ...[...indexed, ...filters].map(([part]) => part)];
  // The inner limit keeps the planner from any other way to the rows than the index.
  const searched = RUN.replace(TABLE, `from (select r.* ${TABLE}${ordered} ${SEARCHED_RUNS}) r`);
  const text =
    filters.length === 0
      ? `${RUN}${ordered} $1`
      : `${searched} where ${sqlOf(filters)} order by r.id desc limit $1`;
  return [{ name: name.filter((part) => part !== "").join("_"), text }, values];
}

const sqlOf = (conditions: readonly Condition[]): string =>
  conditions.map(([, sql]) => sql).join(" and ");

function indexedOf({ dagId, state, label }: RunQuery, parameter: Parameter): Condition[] {
  const id = label ? "wanted.run_id" : "r.id";
  const found: Condition[] = [["", `${id} < coalesce($2::bigint, ${AFTER_LAST_ID})`]];
  if (dagId !== undefined) found.push(["of_dag", `r.dag_id = ${parameter(dagId)}`]);
  if (label) {
    const values = `${parameter(label.key)}, ${parameter(label.value)}`;
    found.push(["labelled", `(wanted.key, wanted.value) = (${values})`]);
  }
  if (state) found.push([state, `r.state = ${escapeLiteral(state)}`]);
  return found;
}

/** Short names: PostgreSQL cuts the name of a statement at 63 characters. */
function filtersOf(
  { type, version, tag, from, to, visible }: RunQuery,
  parameter: Parameter,
): Condition[] {
  const found: Condition[] = [];
  if (type) found.push([type, `r.run_type = ${escapeLiteral(type)}`]);
  if (version) found.push(["v", `v.number = ${parameter(version)}`]);
  if (tag) found.push(["t", `r.dag_id in (${TAGGED.replace("$tag", parameter(tag))})`]);
  if (from) found.push(["ge", `r.logical_date >= ${parameter(from)}`]);
  if (visible) found.push(["s", isVisible("r.dag_id", parameter(visible))]);
  if (to) found.push(["lt", `r.logical_date < ${parameter(to)}`]);
  return found;
}
