/**
 * Loads rows into a table of PostgreSQL. Rows stream by COPY into a temporary table; then, in the same transaction, the table is created or
 * adapted and the rows are carried over. Nobody sees a part of a load, and a load that fails leaves nothing.
 */
import { randomBytes } from "node:crypto";
import { FailTask, identifier, joinSql, Sql, sql, type TaskLog } from "dagsmith";
import {
  columnsOf,
  type EarlierLoad,
  earlierLoadQuery,
  grantStatements,
  prepareSchema,
  sqlState,
} from "./catalog.ts";
import {
  type Column,
  checkedColumns,
  type ExistingColumn,
  type Reconciliation,
  reconcileColumns,
} from "./columns.ts";
import { type CopyCount, copyText } from "./copy_text.ts";
import {
  columnList,
  createTable,
  type Dialect,
  type MergePlan,
  mergeSteps,
  primaryKeySteps,
} from "./load_sql.ts";
import {
  type CheckedTarget,
  checkedTarget,
  type LoadTarget,
  tableIdentifier,
} from "./load_target.ts";
import type { Postgres, PostgresSession } from "./session.ts";
import type { SourceRows } from "./source_row.ts";

/** What a load did. */
export interface LoadResult {
  /** Rows that were read. An upsert writes fewer when rows share a primary key, or are older than those in the table. */
  readonly rows: number;
  readonly inserted: number;
  readonly updated: number;
}

const POSTGRES: Dialect = { typeName: (type) => type };
const LINE_COLUMN = "dagsmith_line";

/**
 * Loads rows into a table, which is created if it is missing. All or nothing, in one transaction; readers are held up only while the
 * tables change places at its end.
 *
 * Missing columns are added; a column whose type is too narrow is widened when no value can be lost (integer to bigint, varchar to text…).
 * Times without an offset are UTC. NUL characters, which PostgreSQL's text cannot hold, are left out with a warning.
 * A rebuild carries the grants of the table over, but not its indexes; it refuses to break a view that reads the table.
 * @throws FailTask for rows that do not fit, naming line and column, and for tables that cannot take the columns
 * @throws DagsmithError INVALID_OPTION
 * @example
 * await loadTable(await hook(postgresHook("lake")), { schema: "public", table: "trips", columns, loadType: "rebuild" }, readCsv(file), log);
 */
export async function loadTable(
  postgres: Postgres,
  target: LoadTarget,
  rows: SourceRows,
  log: TaskLog,
): Promise<LoadResult> {
  const checked = checkedTarget(target);
  await prepareSchema(postgres, checked);
  const earlier =
    checked.loadType === "append"
      ? await postgres.query<EarlierLoad>(earlierLoadQuery(checked))
      : [];
  if (earlier[0]) return loadedBefore(checked, earlier[0], log);
  const wanted = await wantedColumns(postgres, checked);
  try {
    return await postgres.transaction((session) => loadInto(session, checked, wanted, rows, log));
  } catch (error) {
    throw loadError(checked, error);
  }
}

/**
 * What a repeated append gives.
 * @throws FailTask when what it would append is not what was appended
 */
export function loadedBefore(
  { schema, table, loadId, source }: CheckedTarget,
  earlier: EarlierLoad,
  log: TaskLog,
): LoadResult {
  if (earlier.source !== source) {
    throw new FailTask(
      `${loadId} has appended another version of its source to ${schema}.${table} (${earlier.source}, now ${source}); appending this one too ` +
        `would duplicate rows. Delete those rows and the row of ${schema}.dagsmith_loads, or load with loadType "upsert".`,
    );
  }
  log.info(
    `${schema}.${table} has these ${earlier.row_count} rows already: an earlier try of this task appended them`,
  );
  return { rows: Number(earlier.row_count), inserted: 0, updated: 0 };
}

/** The columns to load: those given, else those of the table. A mismatch of types is found here, before any row is read. */
async function wantedColumns(
  session: PostgresSession,
  target: CheckedTarget,
): Promise<readonly Column[]> {
  const existing = await columnsOf(session, target);
  const columns = target.columns ?? columnsFrom(target, existing);
  if (target.loadType !== "rebuild")
    reconcileColumns(`${target.schema}.${target.table}`, existing, columns);
  return columns;
}

/** The columns of an existing table as the columns of a load. @throws FailTask when there is no table */
export function columnsFrom(
  { schema, table }: CheckedTarget,
  existing: readonly ExistingColumn[],
): readonly Column[] {
  if (existing.length === 0)
    throw new FailTask(
      `The table ${schema}.${table} does not exist and the load names no columns to create it with.`,
    );
  return checkedColumns(existing as readonly Column[]);
}

async function loadInto(
  session: PostgresSession,
  target: CheckedTarget,
  columns: readonly Column[],
  rows: SourceRows,
  log: TaskLog,
): Promise<LoadResult> {
  const suffix = randomBytes(6).toString("hex");
  const staging = identifier(`dagsmith_staging_${suffix}`);
  await session.execute(sql`set local time zone 'UTC'`);
  await session.execute(stagingTable(staging, columns));
  const count = await copyRows(session, staging, columns, rows, target, log);
  await lockTarget(session, target);
  const targetColumns = await reconcile(session, target, columns);
  const plan = {
    target,
    columns,
    targetColumns,
    staging,
    suffix,
    lineColumn: LINE_COLUMN,
    dialect: POSTGRES,
  };
  const done = await merge(session, plan);
  log.info(
    `loaded ${count.rows} rows into ${target.schema}.${target.table}: ${done.inserted} inserted, ${done.updated} updated`,
  );
  return { rows: count.rows, ...done };
}

function stagingTable(staging: Sql, columns: readonly Column[]): Sql {
  const definitions = columnList(columns, [], POSTGRES);
  return sql`create temporary table ${staging} (${definitions}, ${identifier(LINE_COLUMN)} bigint not null) on commit drop`;
}

async function copyRows(
  session: PostgresSession,
  staging: Sql,
  columns: readonly Column[],
  rows: SourceRows,
  target: CheckedTarget,
  log: TaskLog,
): Promise<CopyCount> {
  const count: CopyCount = { rows: 0, nulRows: 0 };
  const names = [...columns.map(({ name }) => name), LINE_COLUMN];
  await session.copyFrom(staging, names, copyText(rows, columns, target.primaryKey, count));
  // Without statistics the planner would take the staging table for a small one.
  await session.execute(sql`analyze ${staging}`);
  if (count.nulRows > 0)
    log.warn(
      `${count.nulRows} rows held NUL characters, which PostgreSQL cannot store; they were left out`,
    );
  return count;
}

/** Two loads into one table go one after the other from here on, also while it does not exist yet. Readers are not held up. */
async function lockTarget(
  session: PostgresSession,
  { schema, table }: CheckedTarget,
): Promise<void> {
  await session.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`dagsmith load ${schema}.${table}`}, 0))`,
  );
}

/** Creates or adapts the table. @returns the wanted columns by the names they have in it */
async function reconcile(
  session: PostgresSession,
  target: CheckedTarget,
  columns: readonly Column[],
): Promise<readonly Column[]> {
  if (target.loadType === "rebuild") return columns;
  const existing = await columnsOf(session, target);
  if (existing.length === 0) {
    await session.execute(createTable({ columns, target, dialect: POSTGRES }, target));
    for (const { statement } of primaryKeySteps(target)) await session.execute(statement);
    return columns;
  }
  const changes = reconcileColumns(`${target.schema}.${target.table}`, existing, columns);
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

async function merge(session: PostgresSession, plan: MergePlan): Promise<Omit<LoadResult, "rows">> {
  const done = { inserted: 0, updated: 0 };
  const grants =
    plan.target.loadType === "rebuild" ? await grantStatements(session, plan.target) : [];
  for (const { statement, counts } of mergeSteps(plan)) {
    const { rowCount } = await session.execute(statement);
    if (counts) done[counts] += rowCount;
  }
  for (const grant of grants) await session.execute(grant);
  return done;
}

/** Data that PostgreSQL refuses, and views in the way of a rebuild, stay so however often they are tried. */
function loadError({ schema, table }: CheckedTarget, error: unknown): unknown {
  const state = sqlState(error);
  const { message, detail, where } = error as {
    readonly message: string;
    readonly detail?: string;
    readonly where?: string;
  };
  if (state === "2BP01") {
    return new FailTask(
      `${schema}.${table} cannot be rebuilt: ${detail ?? message}. Drop those first, or load with loadType "truncate".`,
    );
  }
  const place = [detail, where].filter(Boolean).join("; ");
  if (state.startsWith("22") || state.startsWith("23")) {
    return new FailTask(
      `The rows do not fit into ${schema}.${table}: ${message}${place && ` (${place})`}`,
      { cause: error },
    );
  }
  return error;
}
