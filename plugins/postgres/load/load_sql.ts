/**
 * The statements that carry rows from a staging table into their table, in the SQL that
 * PostgreSQL and Redshift have in common. All of one load run in one transaction, so
 * readers see the table as it was or as it will be. Pure.
 */
import { identifier, joinSql, Sql, sql } from "dagsmith";
import type { Column } from "./columns.ts";
import {
  type CheckedTarget,
  rememberedName,
  type TableName,
  tableIdentifier,
} from "./load_target.ts";

/** What a database needs to be told differently. */
export interface Dialect {
  /** The word for a type. */
  readonly typeName: (type: Column["type"]) => string;
  /** What follows the columns of a new table: Redshift's distribution and sort keys. */
  readonly tableAttributes?: string;
  /**
   * What follows the columns of an insert that gives the values of an identity column.
   */
  readonly overriding?: string;
}

export const POSTGRES: Dialect = { typeName: (type) => type };

/** A load whose columns are known. */
export interface MergePlan {
  readonly target: CheckedTarget;
  /** The wanted columns, by the names they have in the staging table. */
  readonly columns: readonly Column[];
  /** The same columns by the names they have in the table. */
  readonly targetColumns: readonly Column[];
  readonly staging: Sql;
  /**
   * A column of the staging table that grows with the file, so that the last of equal
   * rows wins; Redshift loads in no order.
   */
  readonly lineColumn?: string;
  /** Distinguishes the names of this load's own tables. */
  readonly suffix: string;
  readonly dialect: Dialect;
}

/** A statement, and which count of the result its row count is. */
export interface MergeStep {
  readonly statement: Sql;
  readonly counts?: "inserted" | "updated";
}

/**
 * Records which loads were appended. In the same database as the tables, so that one
 * transaction covers both.
 */
export const LOADS_TABLE = "dagsmith_loads";

/**
 * The steps of a load, in order.
 * @param mode `insert` for a table that is empty and stays as it is
 */
export function mergeSteps(
  plan: MergePlan,
  mode: CheckedTarget["loadType"] | "insert" = plan.target.loadType,
): readonly MergeStep[] {
  switch (mode) {
    case "insert":
      return [insertAll(plan, tableIdentifier(plan.target))];
    case "append":
      return appendSteps(plan);
    case "truncate":
      // Not TRUNCATE: in Redshift it commits, in PostgreSQL it shows an empty table to
      // older snapshots.
      return [
        { statement: sql`delete from ${tableIdentifier(plan.target)}` },
        insertAll(plan, tableIdentifier(plan.target)),
      ];
    case "rebuild":
      return rebuildSteps(plan);
    case "upsert":
      return upsertSteps(plan);
  }
}

function appendSteps(plan: MergePlan): readonly MergeStep[] {
  const { target, staging } = plan;
  const loads = identifier(target.loadsSchema, LOADS_TABLE);
  // The condition, not only the look before the load: a try that was given up may still
  // be running.
  const unlessLoaded = sql`where not exists (select 1 from ${loads} where table_name = ${rememberedName(target)} and load_id = ${target.loadId})`;
  const remembered = sql`select cast(${rememberedName(target)} as varchar(255)), cast(${target.loadId} as varchar(1000)),
    cast(${target.source} as varchar(2000)), loaded from (select count(*) as loaded from ${staging}) staged`;
  return [
    {
      statement: sql`${insertAll(plan, tableIdentifier(target)).statement} ${unlessLoaded}`,
      counts: "inserted",
    },
    {
      statement: sql`insert into ${loads} (table_name, load_id, source, row_count) ${remembered} ${unlessLoaded}`,
    },
  ];
}

function rebuildSteps(plan: MergePlan): readonly MergeStep[] {
  const { target, suffix } = plan;
  const fresh = { schema: target.schema, table: `dagsmith_new_${suffix}` };
  const steps = [
    { statement: createTable(plan, fresh) },
    insertAll(plan, tableIdentifier(fresh)),
    { statement: sql`drop table if exists ${tableIdentifier(target)}` },
    { statement: sql`alter table ${tableIdentifier(fresh)} rename to ${identifier(target.table)}` },
  ];
  return [...steps, ...primaryKeySteps(target)];
}

/** Added last: the index is built once, and named after the table's final name. */
export function primaryKeySteps(target: CheckedTarget): readonly MergeStep[] {
  if (target.primaryKey.length === 0) return [];
  return [
    {
      statement: sql`alter table ${tableIdentifier(target)} add primary key (${nameList(target.primaryKey)})`,
    },
  ];
}

function upsertSteps(plan: MergePlan): readonly MergeStep[] {
  const { target, columns, targetColumns, suffix } = plan;
  const fresh = identifier(`dagsmith_fresh_${suffix}`);
  const old = tableIdentifier(target);
  const actual = (name: string): string =>
    targetColumns[columns.findIndex((column) => column.name === name)]?.name ?? name;
  const inTarget = (name: string): Sql => identifier(target.table, actual(name));
  const inFresh = (name: string): Sql => sql`${fresh}.${identifier(name)}`;
  const sameKey = joinSql(
    target.primaryKey.map((name) => sql`${inTarget(name)} = ${inFresh(name)}`),
    " and ",
  );
  const changing = columns.filter(({ name }) => !target.primaryKey.includes(name));
  const assignments = joinSql(
    changing.map(({ name }) => sql`${identifier(actual(name))} = ${inFresh(name)}`),
    ", ",
  );
  const key = target.incrementalKey;
  const newerOrEqual = key
    ? sql` and (${inTarget(key)} is null or ${inFresh(key)} >= ${inTarget(key)})`
    : new Sql([]);
  return [
    { statement: newestOfEach(plan, fresh) },
    ...(changing.length > 0
      ? [
          {
            statement: sql`update ${old} set ${assignments} from ${fresh} where ${sameKey}${newerOrEqual}`,
            counts: "updated" as const,
          },
        ]
      : []),
    insertAll(plan, old, fresh, sql` where not exists (select 1 from ${old} where ${sameKey})`),
    { statement: sql`drop table ${fresh}` },
  ];
}

/**
 * One row for each primary key: the newest by the incremental key, then the last of the
 * file.
 */
function newestOfEach({ target, columns, staging, lineColumn }: MergePlan, fresh: Sql): Sql {
  const names = nameList(columns.map(({ name }) => name));
  const order = [
    ...(target.incrementalKey ? [sql`${identifier(target.incrementalKey)} desc nulls last`] : []),
    ...(lineColumn ? [sql`${identifier(lineColumn)} desc`] : []),
  ];
  const orderBy = order.length > 0 ? sql` order by ${joinSql(order, ", ")}` : new Sql([]);
  const ranked = sql`select ${names}, row_number() over (partition by ${nameList(target.primaryKey)}${orderBy}) as dagsmith_rank from ${staging}`;
  return sql`create temporary table ${fresh} as select ${names} from (${ranked}) ranked where dagsmith_rank = 1`;
}

function insertAll(
  { columns, targetColumns, staging, dialect }: MergePlan,
  into: Sql,
  from: Sql = staging,
  where: Sql = new Sql([]),
): MergeStep {
  const names = nameList(columns.map(({ name }) => name));
  const intoNames = nameList(targetColumns.map(({ name }) => name));
  return {
    statement: sql`insert into ${into} (${intoNames})${new Sql([dialect.overriding ?? ""])} select ${names} from ${from}${where}`,
    counts: "inserted",
  };
}

/** A new table with the plan's columns. */
export function createTable(
  { columns, target, dialect }: Pick<MergePlan, "columns" | "target" | "dialect">,
  name: TableName,
): Sql {
  const attributes = new Sql([dialect.tableAttributes ? ` ${dialect.tableAttributes}` : ""]);
  return sql`create table ${tableIdentifier(name)} (${columnList(columns, target.primaryKey, dialect)})${attributes}`;
}

/** The definitions of columns; those of the primary key are not null. */
export function columnList(
  columns: readonly Column[],
  primaryKey: readonly string[],
  { typeName }: Dialect,
): Sql {
  return joinSql(
    columns.map(
      ({ name, type }) =>
        sql`${identifier(name)} ${new Sql([typeName(type) + (primaryKey.includes(name) ? " not null" : "")])}`,
    ),
    ", ",
  );
}

/** The table of {@link LOADS_TABLE}. */
export function createLoadsTable(schema: string): Sql {
  return sql`create table if not exists ${identifier(schema, LOADS_TABLE)} (table_name varchar(255) not null, load_id varchar(1000) not null,
    source varchar(2000) not null, row_count bigint not null, primary key (table_name, load_id))`;
}

function nameList(names: readonly string[]): Sql {
  return joinSql(
    names.map((name) => identifier(name)),
    ", ",
  );
}
