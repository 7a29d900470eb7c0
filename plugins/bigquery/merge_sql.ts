/** The MERGE that carries rows from one table into another. Pure. */
import { FailTask, identifier, joinSql, type Sql, sql } from "dagsmith";
import { tableName } from "./names.ts";

/** What {@link mergeStatement} merges. */
export interface Merge {
  readonly from: string;
  readonly into: string;
  readonly columns: readonly string[];
  readonly primaryKey: readonly string[];
  readonly incrementalKey: string | undefined;
}

/**
 * Updates rows with the same primary key, and inserts the others. Of several rows with one
 * key, the newest by the incremental key counts. An older row changes nothing.
 * @throws FailTask when a key is none of the columns
 */
export function mergeStatement({ from, into, columns, primaryKey, incrementalKey }: Merge): Sql {
  refuseUnknown(into, columns, [...primaryKey, ...(incrementalKey ? [incrementalKey] : [])]);
  const newest = incrementalKey ? sql` order by ${identifier(incrementalKey)} desc` : sql``;
  const ranked = sql`select ${list(columns)}, row_number() over (partition by ${list(primaryKey)}${newest}) as dagsmith_rank from ${tableName(from)}`;
  const same = joinSql(
    primaryKey.map((name) => sql`${old(name)} = ${fresh(name)}`),
    " and ",
  );
  return sql`merge into ${tableName(into)} as old using (select ${list(columns)} from (${ranked}) where dagsmith_rank = 1) as fresh on ${same}${updateOf(columns, primaryKey, incrementalKey)}
when not matched then insert (${list(columns)}) values (${joinSql(columns.map(fresh), ", ")})`;
}

function updateOf(
  columns: readonly string[],
  primaryKey: readonly string[],
  incrementalKey: string | undefined,
): Sql {
  const changing = columns.filter((name) => !primaryKey.includes(name));
  if (changing.length === 0) return sql``;
  const newer = incrementalKey
    ? sql` and (${old(incrementalKey)} is null or ${fresh(incrementalKey)} >= ${old(incrementalKey)})`
    : sql``;
  const assignments = changing.map((name) => sql`${identifier(name)} = ${fresh(name)}`);
  return sql`
when matched${newer} then update set ${joinSql(assignments, ", ")}`;
}

function refuseUnknown(table: string, columns: readonly string[], keys: readonly string[]): void {
  const unknown = keys.find((key) => !columns.includes(key));
  if (unknown === undefined) return;
  throw new FailTask(
    `BigQuery merge into ${table}: the key "${unknown}" is none of the columns ${columns.join(", ")}`,
  );
}

const old = (name: string): Sql => identifier("old", name);
const fresh = (name: string): Sql => identifier("fresh", name);
const list = (names: readonly string[]): Sql =>
  joinSql(
    names.map((name) => identifier(name)),
    ", ",
  );
