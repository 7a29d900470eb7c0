/** What the database knows of a table before it is loaded. */
import { FailTask, identifier, type Sql, sql } from "dagsmith";
import type { PostgresSession } from "../session.ts";
import { canonicalType } from "../values/type_name.ts";
import { type TypeRow, type ValueType, valueType } from "../values/value_type.ts";
import type { ExistingColumn } from "./columns.ts";
import { createLoadsTable, LOADS_TABLE } from "./load_sql.ts";
import {
  type CheckedTarget,
  rememberedName,
  type TableName,
  tableIdentifier,
} from "./load_target.ts";

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly is_generated: boolean;
  readonly is_identity: boolean;
  readonly is_not_null: boolean;
}

/** The columns of a table, in order; none when it does not exist. */
export async function columnsOf(
  session: PostgresSession,
  { schema, table }: TableName,
): Promise<readonly ExistingColumn[]> {
  const rows = await session.query<ColumnRow>(sql`
    select attname as name, format_type(atttypid, atttypmod) as type, attgenerated <> '' as is_generated,
      attidentity <> '' as is_identity, attnotnull as is_not_null
    from pg_attribute
      join pg_class class on class.oid = attrelid
      join pg_namespace namespace on namespace.oid = class.relnamespace
    where nspname = ${schema} and relname = ${table} and attnum > 0 and not attisdropped
    order by attnum`);
  return rows.map((row) => ({
    name: row.name,
    type: canonicalType(row.type),
    isGenerated: row.is_generated,
    isIdentity: row.is_identity,
    isNotNull: row.is_not_null,
  }));
}

/** How the values of the columns of a table are built, by their names. */
export async function valueTypesOf(
  session: PostgresSession,
  table: Sql,
): Promise<ReadonlyMap<string, ValueType>> {
  const name = table.render().text;
  const columns = await session.query<{ name: string; oid: string; type: string }>(sql`
    select attname as name, atttypid::text as oid, format_type(atttypid, atttypmod) as type
    from pg_attribute where attrelid = to_regclass(${name}) and attnum > 0 and not attisdropped`);
  const rows = await session.query<TypeRow>(typesWithin(name));
  const types = new Map(rows.map((row) => [row.oid, row]));
  return new Map(columns.map(({ name, oid, type }) => [name, valueType(oid, type, types)]));
}

/** The types of the columns of a table, and those that they are built of. */
function typesWithin(table: string): Sql {
  return sql`
    with recursive reached (oid) as (
      select atttypid from pg_attribute where attrelid = to_regclass(${table}) and attnum > 0 and not attisdropped
      union
      select part.oid from reached join pg_type type on type.oid = reached.oid
        cross join lateral (
          select type.typelem union all select type.typbasetype
          union all select atttypid from pg_attribute where attrelid = type.typrelid and attnum > 0 and not attisdropped
        ) part (oid)
      where part.oid <> 0
    )
    select type.oid::text,
      case when type.typtype = 'd' then 'domain' when type.typtype = 'c' then 'object'
        when item.oid is not null then 'list' else 'scalar' end as kind,
      coalesce(item.typdelim, ',') as delimiter,
      coalesce(item.oid, type.typbasetype)::text as of,
      format_type(coalesce(item.oid, type.typbasetype), case when item.oid is null then type.typtypmod end) as of_name,
      coalesce(fields.list, '[]') as fields
    from reached join pg_type type using (oid)
      left join pg_type item on item.oid = type.typelem and item.typarray = type.oid
      left join lateral (
        select json_agg(json_build_object('name', attname, 'oid', atttypid::text, 'type', format_type(atttypid, atttypmod)) order by attnum) as list
        from pg_attribute where type.typtype = 'c' and attrelid = type.typrelid and attnum > 0 and not attisdropped
      ) fields on true`;
}

/**
 * Creates the schema, and the table of appended loads, when they are missing. Outside the
 * load's transaction: another load into the same schema would wait for the whole of it.
 */
export async function prepareSchema(
  session: PostgresSession,
  { schema, loadType, loadsSchema }: CheckedTarget,
): Promise<void> {
  await createSchema(session, schema);
  if (loadType !== "append") return;
  await createSchema(session, loadsSchema);
  const loads = await columnsOf(session, { schema: loadsSchema, table: LOADS_TABLE });
  if (loads.length === 0) await createOnce(session, createLoadsTable(loadsSchema));
}

async function createSchema(session: PostgresSession, schema: string): Promise<void> {
  // Asked first: CREATE SCHEMA IF NOT EXISTS wants the right to create one in any case.
  const found = await session.query(sql`select 1 from pg_namespace where nspname = ${schema}`);
  if (found.length === 0)
    await createOnce(session, sql`create schema if not exists ${identifier(schema)}`);
}

/**
 * IF NOT EXISTS does not help two sessions that create the same thing at once: one of
 * them fails, and then the thing exists. The code tells how far the other session was: a
 * schema or table of that name, the row type of the table, or a name in a catalog.
 */
const MADE_BY_ANOTHER = ["42P06", "42P07", "42710", "23505"];

async function createOnce(session: PostgresSession, statement: Sql): Promise<void> {
  try {
    await session.execute(statement);
  } catch (error) {
    if (!MADE_BY_ANOTHER.includes(sqlState(error))) throw error;
  }
}

/** An append that was committed by an earlier try. */
export interface EarlierLoad {
  readonly source: string;
  readonly row_count: string;
}

export function earlierLoadQuery(target: CheckedTarget): Sql {
  return sql`select source, row_count from ${identifier(target.loadsSchema, LOADS_TABLE)}
    where table_name = ${rememberedName(target)} and load_id = ${target.loadId}`;
}

/**
 * Refuses to delete the rows of a table when that would delete or change rows of others:
 * of tables that inherit from it, or refer to it with ON DELETE CASCADE or SET.
 */
export async function refuseWiderDelete(
  session: PostgresSession,
  target: TableName,
): Promise<void> {
  const name = tableIdentifier(target).render().text;
  const [found] = await session.query<{ why: string }>(sql`
    select 'its foreign key ' || conname || ' would delete or change rows of ' || conrelid::regclass as why
    from pg_constraint
    where contype = 'f' and confrelid = to_regclass(${name}) and confdeltype in ('c', 'n', 'd') and conrelid <> confrelid
    union all
    select 'it would delete the rows of ' || inhrelid::regclass || ', which inherits from it'
    from pg_inherits join pg_class on oid = inhparent
    where inhparent = to_regclass(${name}) and relkind <> 'p'`);
  if (found)
    throw new FailTask(
      `${target.schema}.${target.table} cannot be emptied by a load: ${found.why}. Load with loadType "upsert", or delete the rows yourself.`,
    );
}

/** The columns of the primary key of a table, and the name of the constraint. */
export async function primaryKeyOf(
  session: PostgresSession,
  target: TableName,
): Promise<{ readonly name: string; readonly columns: readonly string[] } | undefined> {
  const name = tableIdentifier(target).render().text;
  const [found] = await session.query<{ name: string; columns: readonly string[] }>(sql`
    select conname as name, array_agg(attname::text order by position) as columns
    from pg_constraint cross join lateral unnest(conkey) with ordinality key (number, position)
      join pg_attribute on attrelid = conrelid and attnum = number
    where contype = 'p' and conrelid = to_regclass(${name}) group by conname`);
  return found;
}

/** PostgreSQL's five-character code of an error; empty when it is another error. */
export function sqlState(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
