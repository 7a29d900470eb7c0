/**
 * Gives a table that a rebuild has emptied just the wanted columns. The table stays: a
 * new table in its place would lose its owner, policies, triggers, comments, defaults,
 * publications and whatever else hangs on it.
 */
import { identifier, joinSql, Sql, sql, type TaskLog } from "dagsmith";
import type { PostgresSession } from "../session.ts";
import { primaryKeyOf } from "./catalog.ts";
import type { Column, ExistingColumn } from "./columns.ts";
import { type CheckedTarget, tableIdentifier } from "./load_target.ts";

/** @returns the wanted columns by the names they have in the table */
export async function reshape(
  session: PostgresSession,
  target: CheckedTarget,
  existing: readonly ExistingColumn[],
  columns: readonly Column[],
  log: TaskLog,
): Promise<readonly Column[]> {
  const found = new Map(existing.map((column) => [column.name.toLowerCase(), column]));
  const dropped = existing.filter((column) => isDropped(column, columns));
  if (dropped.length > 0)
    log.warn(
      `${target.schema}.${target.table} loses ${dropped.map(({ name }) => `"${name}"`).join(", ")}: the load does not name them`,
    );
  const actions = [
    ...dropped.map(({ name }) => sql`drop column ${identifier(name)}`),
    ...columns.flatMap((column) => actionFor(column, found.get(column.name))),
  ];
  if (actions.length > 0)
    await session.execute(sql`alter table ${tableIdentifier(target)} ${joinSql(actions, ", ")}`);
  return columns.map(({ name, type }) => ({ name: found.get(name)?.name ?? name, type }));
}

/** Identity and generated columns fill themselves, so a load without them keeps them. */
function isDropped(
  { name, isIdentity, isGenerated }: ExistingColumn,
  columns: readonly Column[],
): boolean {
  const isWanted = columns.some((column) => column.name === name.toLowerCase());
  return !isWanted && !isIdentity && !isGenerated;
}

function actionFor({ name, type }: Column, found: ExistingColumn | undefined): readonly Sql[] {
  const word = new Sql([type]);
  if (found === undefined) return [sql`add column ${identifier(name)} ${word}`];
  if (found.type === type) return [];
  return [sql`alter column ${identifier(found.name)} type ${word} using null`];
}

/**
 * Drops a primary key of other columns than the load names.
 * @returns whether the load has to add its own
 */
export async function dropOtherKey(
  session: PostgresSession,
  target: CheckedTarget,
): Promise<boolean> {
  const { primaryKey } = target;
  if (primaryKey.length === 0) return false;
  const old = await primaryKeyOf(session, target);
  const oldNames = (old?.columns ?? []).map((name) => name.toLowerCase());
  if (oldNames.join("\n") === primaryKey.join("\n")) return false;
  if (old) await session.execute(withoutKey(target, old.name, old.columns));
  return true;
}

/** The columns of a dropped key stay NOT NULL, which the key alone asked for. */
function withoutKey(target: CheckedTarget, name: string, columns: readonly string[]): Sql {
  const nullable = columns
    .filter((column) => !target.primaryKey.includes(column.toLowerCase()))
    .map((column) => sql`, alter column ${identifier(column)} drop not null`);
  return sql`alter table ${tableIdentifier(target)} drop constraint ${identifier(name)}${joinSql(nullable, "")}`;
}
