/**
 * Loads rows into a table of PostgreSQL. Rows stream by COPY into a temporary table;
 * then, in the same transaction, the table is adapted and takes the rows. For a table
 * that does not exist they stream into a new one, which gets its name at the end.
 * Readers see no part of a load, and a load that fails leaves nothing.
 */
import { randomBytes } from "node:crypto";
import { FailTask, identifier, sql, type TaskLog } from "dagsmith";
import type { SourceRows } from "dagsmith/plugins/formats";
import type { Postgres, PostgresSession } from "../session.ts";
import { columnsOf, type EarlierLoad, earlierLoadQuery, prepareSchema } from "./catalog.ts";
import { type Column, type ExistingColumn, reconcileColumns, refuseGenerated } from "./columns.ts";
import { LineMap } from "./line_map.ts";
import { loadError } from "./load_error.ts";
import {
  type CheckedTarget,
  checkedTarget,
  type LoadTarget,
  nameOf,
  replaces,
  tableIdentifier,
} from "./load_target.ts";
import { merge } from "./merge.ts";
import { nameNewTable, newTable } from "./new_table.ts";
import { stage } from "./stage.ts";

/** What a load did. */
export interface LoadResult {
  /**
   * Rows that were read. An upsert writes fewer when rows share a primary key, or are
   * older than those in the table.
   */
  readonly rows: number;
  readonly inserted: number;
  readonly updated: number;
}

const LINE_COLUMN = "dagsmith_line";

/**
 * Loads rows into a table, which is created if it is missing. All or nothing, in one
 * transaction; readers see the old rows until its end.
 *
 * Missing columns are added; a column whose type is too narrow is widened when no value
 * can be lost (integer to bigint, varchar to text…). Values come in the text form of
 * their type; lists and objects of JSON fill arrays, composite types and json. Times
 * without an offset are UTC. A value that a column would round, cut or replace is refused
 * by line and column.
 *
 * A rebuild keeps the table and what hangs on it (owner, grants, policies, triggers,
 * indexes, comments, defaults); readers wait for it only when columns change. It fails
 * when a view or policy needs a column that the load does not name.
 * @throws FailTask for rows that do not fit, naming line and column; for tables that
 *   cannot take the columns; for a source without rows that would empty a table
 * @throws DagsmithError INVALID_OPTION
 * @example
 * const target = { schema: "public", table: "trips", columns, loadType: "rebuild" } as const;
 * await loadTable(await hook(postgresHook("lake")), target, readCsv(file), log);
 */
export async function loadTable(
  postgres: Postgres,
  target: LoadTarget,
  rows: SourceRows,
  log: TaskLog,
): Promise<LoadResult> {
  const checked = checkedTarget(target);
  const lines = new LineMap(rows.unit);
  try {
    await prepareSchema(postgres, checked);
    const earlier = await earlierLoad(postgres, checked);
    if (earlier) return loadedBefore(checked, earlier, log);
    const wanted = await wantedColumns(postgres, checked);
    rows.requireColumns?.(wanted.map(({ name }) => name));
    return await postgres.transaction((session) =>
      loadInto(session, { target: checked, columns: wanted, rows, lines, log }),
    );
  } catch (error) {
    throw loadError(checked, lines, error);
  }
}

async function earlierLoad(
  session: PostgresSession,
  target: CheckedTarget,
): Promise<EarlierLoad | undefined> {
  if (target.loadType !== "append") return undefined;
  return (await session.query<EarlierLoad>(earlierLoadQuery(target)))[0];
}

/**
 * What a repeated append gives.
 * @throws FailTask when what it would append is not what was appended
 */
export function loadedBefore(
  { schema, table, loadId, source, loadsSchema }: CheckedTarget,
  earlier: EarlierLoad,
  log: TaskLog,
): LoadResult {
  if (earlier.source !== source) {
    throw new FailTask(
      `${loadId} has appended another version of its source to ${schema}.${table} (${earlier.source}, now ${source}); appending this one too ` +
        `would duplicate rows. Delete those rows and the row of ${loadsSchema}.dagsmith_loads, or load with loadType "upsert".`,
    );
  }
  log.info(
    `${schema}.${table} has these ${earlier.row_count} rows already: an earlier try of this task appended them`,
  );
  return { rows: Number(earlier.row_count), inserted: 0, updated: 0 };
}

/**
 * The columns to load: those given, else those of the table. A mismatch of types is found
 * here, before any row is read.
 */
async function wantedColumns(
  session: PostgresSession,
  target: CheckedTarget,
): Promise<readonly Column[]> {
  const existing = await columnsOf(session, target);
  const columns = target.columns ?? columnsFrom(target, existing);
  if (target.loadType === "rebuild") refuseGenerated(nameOf(target), existing, columns);
  else reconcileColumns(nameOf(target), existing, columns);
  return columns;
}

/**
 * The columns of an existing table as the columns of a load.
 * @throws FailTask when there is no table
 */
export function columnsFrom(
  { schema, table }: CheckedTarget,
  existing: readonly ExistingColumn[],
): readonly Column[] {
  if (existing.length === 0)
    throw new FailTask(
      `The table ${schema}.${table} does not exist and the load names no columns to create it with.`,
    );
  // Types of the catalog are types that the database knows, whatever they are.
  return existing
    .filter(({ isGenerated, isIdentity }) => !isGenerated && !isIdentity)
    .map(({ name, type }) => ({ name: name.toLowerCase(), type: type as Column["type"] }));
}

/** One load, its columns known. */
interface Load {
  readonly target: CheckedTarget;
  readonly columns: readonly Column[];
  readonly rows: SourceRows;
  readonly lines: LineMap;
  readonly log: TaskLog;
}

async function loadInto(session: PostgresSession, load: Load): Promise<LoadResult> {
  const { target, columns, log } = load;
  const suffix = randomBytes(6).toString("hex");
  await settle(session, target);
  const found = await columnsOf(session, target);
  // An upsert finds the last of equal rows by their lines, which a table does not keep.
  const isNew = found.length === 0 && target.loadType !== "upsert";
  const staging = isNew ? newTable(target, suffix) : identifier(`dagsmith_staging_${suffix}`);
  // A rebuild may take the primary key, and with it NOT NULL, from a column.
  const takesKey = target.loadType === "rebuild" && target.primaryKey.length > 0;
  const existing = takesKey ? [] : found;
  // Only an upsert asks which of equal rows is the last.
  const lineColumn = target.loadType === "upsert" ? LINE_COLUMN : undefined;
  const rows = await stage(session, { ...load, staging, isNew, lineColumn, existing });
  await lockTarget(session, target);
  if (rows === 0 && load.rows.header === undefined) await refuseEmptying(session, target);
  const plan = { target, columns, staging, suffix, ...(lineColumn && { lineColumn }) };
  const done = isNew
    ? await nameNewTable(session, { ...plan, rows }, log)
    : await merge(session, plan, log);
  log.info(
    `loaded ${rows} rows into ${nameOf(target)}: ${done.inserted} inserted, ${done.updated} updated`,
  );
  return { rows, ...done };
}

/**
 * Settings that values are read by, whatever the role or the database sets. Without
 * row_security, a role that does not see all rows is refused instead of replacing some.
 */
async function settle(session: PostgresSession, { loadType }: CheckedTarget): Promise<void> {
  await session.execute(sql`select set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true),
    set_config('intervalstyle', 'postgres', true), set_config('row_security', ${loadType === "append" ? "on" : "off"}, true)`);
}

/**
 * Two loads into one table go one after the other from here on, also while it does not
 * exist yet. Readers are not held up.
 */
async function lockTarget(session: PostgresSession, target: CheckedTarget): Promise<void> {
  await session.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`dagsmith load ${nameOf(target)}`}, 0))`,
  );
}

/** A file that was cut to nothing must not take the rows of a table with it. */
async function refuseEmptying(session: PostgresSession, target: CheckedTarget): Promise<void> {
  if (target.allowEmpty || !replaces(target)) return;
  if ((await columnsOf(session, target)).length === 0) return;
  const rows = await session.query(sql`select 1 from ${tableIdentifier(target)} limit 1`);
  if (rows.length > 0) throw emptySource(nameOf(target));
}

/** Why a source without rows does not empty a table. */
export function emptySource(table: string): FailTask {
  return new FailTask(
    `The source has no rows, and the load would empty ${table}, which has some. If that is meant, load with allowEmpty: true.`,
  );
}
