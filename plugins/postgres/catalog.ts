/** What the database knows of a table before it is loaded. */
import { identifier, Sql, sql } from "dagsmith";
import { canonicalType, type ExistingColumn } from "./columns.ts";
import { createLoadsTable, LOADS_TABLE } from "./load_sql.ts";
import { type CheckedTarget, type TableName, tableIdentifier } from "./load_target.ts";
import type { PostgresSession } from "./session.ts";

/** The columns of a table, in order; none when it does not exist. */
export async function columnsOf(
  session: PostgresSession,
  { schema, table }: TableName,
): Promise<readonly ExistingColumn[]> {
  const rows = await session.query<ExistingColumn>(sql`
    select attribute.attname as name, format_type(attribute.atttypid, attribute.atttypmod) as type
    from pg_attribute attribute
      join pg_class class on class.oid = attribute.attrelid
      join pg_namespace namespace on namespace.oid = class.relnamespace
    where namespace.nspname = ${schema} and class.relname = ${table} and attribute.attnum > 0 and not attribute.attisdropped
    order by attribute.attnum`);
  return rows.map(({ name, type }) => ({ name, type: canonicalType(type) }));
}

/**
 * Creates the schema, and the memory of appended loads, when they are missing. Outside the load's transaction: another load into the same
 * schema would wait for the whole of it.
 */
export async function prepareSchema(
  session: PostgresSession,
  { schema, loadType }: CheckedTarget,
): Promise<void> {
  // Asked first: CREATE SCHEMA IF NOT EXISTS wants the right to create one even when it is there.
  const found = await session.query(sql`select 1 from pg_namespace where nspname = ${schema}`);
  if (found.length === 0)
    await createOnce(session, sql`create schema if not exists ${identifier(schema)}`);
  if (loadType !== "append") return;
  const loads = await columnsOf(session, { schema, table: LOADS_TABLE });
  if (loads.length === 0) await createOnce(session, createLoadsTable(schema));
}

/**
 * IF NOT EXISTS does not help two sessions that create the same thing at once: one of them fails, and then it exists. How it fails tells
 * how far the other was: a schema or table of that name, the table's row type, or a name being taken in a catalog.
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

export function earlierLoadQuery({ schema, table, loadId }: CheckedTarget): Sql {
  return sql`select source, row_count from ${identifier(schema, LOADS_TABLE)} where table_name = ${table} and load_id = ${loadId}`;
}

/** GRANT statements that give a rebuilt table the privileges of the one it replaces (of the table; not of single columns). */
export async function grantStatements(
  session: PostgresSession,
  target: TableName,
): Promise<readonly Sql[]> {
  const grants = await session.query<{
    privilege: string;
    grantee: string;
    grantable: boolean;
  }>(sql`
    select privilege.privilege_type as privilege, privilege.is_grantable as grantable,
      case privilege.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(privilege.grantee)) end as grantee
    from pg_class class join pg_namespace namespace on namespace.oid = class.relnamespace, aclexplode(class.relacl) privilege
    where namespace.nspname = ${target.schema} and class.relname = ${target.table} and privilege.grantee <> class.relowner`);
  return grants.map(({ privilege, grantee, grantable }) => {
    const option = grantable ? " with grant option" : "";
    return sql`grant ${new Sql([privilege])} on ${tableIdentifier(target)} to ${new Sql([grantee + option])}`;
  });
}

/** PostgreSQL's five-character code of an error; empty when it is another error. */
export function sqlState(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
