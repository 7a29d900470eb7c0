/** Puts staged rows into their table, which is created or adapted first. */
import { identifier, joinSql, Sql, sql, type TaskLog } from "dagsmith";
import type { PostgresSession } from "../session.ts";
import { columnsOf, refuseWiderDelete } from "./catalog.ts";
import {
  type Column,
  type ExistingColumn,
  type Reconciliation,
  reconcileColumns,
} from "./columns.ts";
import {
  createTable,
  type Dialect,
  type MergePlan,
  mergeSteps,
  POSTGRES,
  primaryKeySteps,
} from "./load_sql.ts";
import { type CheckedTarget, nameOf, replaces, tableIdentifier } from "./load_target.ts";
import { dropOtherKey, reshape } from "./reshape.ts";

/** COPY writes the values of identity columns; so does a load that names them. */
const WITH_IDENTITY: Dialect = { ...POSTGRES, overriding: " overriding system value" };

/** Puts the staged rows into the table, which is created or adapted first. */
export async function merge(
  session: PostgresSession,
  plan: Omit<MergePlan, "targetColumns" | "dialect">,
  log: TaskLog,
): Promise<{ inserted: number; updated: number }> {
  const { target, columns } = plan;
  const existing = await columnsOf(session, target);
  if (replaces(target)) await empty(session, target, existing);
  const addsKey =
    existing.length === 0 ||
    (target.loadType === "rebuild" && (await dropOtherKey(session, target)));
  const targetColumns = await prepared(session, target, existing, columns, log);
  const loadType = replaces(target) ? "insert" : target.loadType;
  const dialect = existing.some(({ isIdentity }) => isIdentity) ? WITH_IDENTITY : POSTGRES;
  const steps = mergeSteps({ ...plan, targetColumns, dialect }, loadType);
  const done = { inserted: 0, updated: 0 };
  for (const { statement, counts } of steps) {
    const { rowCount } = await session.execute(statement);
    if (counts) done[counts] += rowCount;
  }
  if (addsKey)
    for (const { statement } of primaryKeySteps(target)) await session.execute(statement);
  return done;
}

async function empty(
  session: PostgresSession,
  target: CheckedTarget,
  existing: readonly ExistingColumn[],
): Promise<void> {
  if (existing.length === 0) return;
  await refuseWiderDelete(session, target);
  // Not TRUNCATE, which shows an empty table to older snapshots.
  await session.execute(sql`delete from ${tableIdentifier(target)}`);
}

/**
 * Creates or adapts the table. @returns the wanted columns by the names they have in it
 */
async function prepared(
  session: PostgresSession,
  target: CheckedTarget,
  existing: readonly ExistingColumn[],
  columns: readonly Column[],
  log: TaskLog,
): Promise<readonly Column[]> {
  if (existing.length === 0) {
    await session.execute(createTable({ columns, target, dialect: POSTGRES }, target));
    return columns;
  }
  if (target.loadType === "rebuild" && target.columns)
    return reshape(session, target, existing, columns, log);
  const changes = reconcileColumns(nameOf(target), existing, columns);
  if (changes.add.length + changes.widen.length > 0)
    await session.execute(alterTable(target, changes));
  return changes.columns;
}

function alterTable(target: CheckedTarget, { add, widen }: Reconciliation): Sql {
  const actions = [
    ...add.map(({ name, type }) => sql`add column ${identifier(name)} ${new Sql([type])}`),
    ...widen.map(({ name, type }) => sql`alter column ${identifier(name)} type ${new Sql([type])}`),
  ];
  return sql`alter table ${tableIdentifier(target)} ${joinSql(actions, ", ")}`;
}
