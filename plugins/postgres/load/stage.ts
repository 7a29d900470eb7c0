/** Streams rows into a table of the wanted columns, by COPY. */
import { identifier, Sql, sql, type TaskLog } from "dagsmith";
import type { SourceRows } from "dagsmith/plugins/formats";
import type { PostgresSession } from "../session.ts";
import { readerOf } from "../values/nested_value.ts";
import { keptEndOf, sureCheckOf } from "../values/sure_check.ts";
import type { ValueType } from "../values/value_type.ts";
import { valueTypesOf } from "./catalog.ts";
import type { Column, ExistingColumn } from "./columns.ts";
import { copyRows } from "./copy_rows.ts";
import { type ColumnWriter, type CopyOptions, isPlain } from "./copy_text.ts";
import type { LineMap } from "./line_map.ts";
import { columnList, POSTGRES } from "./load_sql.ts";
import type { CheckedTarget } from "./load_target.ts";

/** What is staged, and where. */
export interface Stage {
  readonly target: CheckedTarget;
  readonly columns: readonly Column[];
  readonly rows: SourceRows;
  readonly staging: Sql;
  /** Whether the staging table will be the table itself, or else a temporary one. */
  readonly isNew: boolean;
  /** A column that grows with the file, for a load that needs to know the last row. */
  readonly lineColumn: string | undefined;
  /** The columns of the table that the rows are for. */
  readonly existing: readonly ExistingColumn[];
  readonly lines: LineMap;
  readonly log: TaskLog;
}

/** @returns how many rows were read */
export async function stage(session: PostgresSession, wanted: Stage): Promise<number> {
  const { columns, staging, rows, target, lines } = wanted;
  await session.execute(stagingTable(wanted));
  const types = await valueTypesOf(session, staging);
  const options: CopyOptions = {
    writers: columns.map((column) => writerOf(column, wanted, types)),
    removesNul: target.nul === "remove",
    ...{ lines, nulRows: 0, absent: new Set(columns.map(({ name }) => name)) },
  };
  const rowCount = await copyRows(session, staging, rows, options);
  // Without statistics the planner would take the staging table for a small one. Only an
  // upsert joins it.
  if (target.loadType === "upsert") await session.execute(sql`analyze ${staging}`);
  warnOfLosses(wanted, options, rowCount);
  return rowCount;
}

function stagingTable({ target, columns, staging, isNew, lineColumn }: Stage): Sql {
  if (isNew)
    return sql`create table ${staging} (${columnList(columns, target.primaryKey, POSTGRES)})`;
  const definitions = columnList(columns, [], POSTGRES);
  const line = lineColumn
    ? sql`, ${identifier(lineColumn)} bigint generated always as identity`
    : new Sql([]);
  return sql`create temporary table ${staging} (${definitions}${line}) on commit drop`;
}

function writerOf(
  { name, type }: Column,
  { target, existing }: Stage,
  types: ReadonlyMap<string, ValueType>,
): ColumnWriter {
  const valueType: ValueType = types.get(name) ?? { kind: "scalar", name: type };
  const isNotNull = existing.some(
    (column) => column.name.toLowerCase() === name && column.isNotNull,
  );
  const whyNotNull = target.primaryKey.includes(name)
    ? "null is not allowed in the primary key"
    : isNotNull
      ? "null is not allowed in this column"
      : undefined;
  const [isSure, keptEnd] = [sureCheckOf(valueType), keptEndOf(valueType)];
  const toText = readerOf(valueType);
  return { name, toText, isSure, keptEnd, isPlain: isPlain(valueType), whyNotNull };
}

function warnOfLosses(
  { log, rows, columns, target }: Stage,
  seen: CopyOptions,
  rowCount: number,
): void {
  if (seen.nulRows > 0)
    log.warn(
      `${seen.nulRows} rows held NUL characters, which PostgreSQL cannot store; they were left out`,
    );
  if (rowCount > 0 && seen.absent.size > 0)
    log.warn(`no row has a value for ${quotedNames([...seen.absent])}, which stay null`);
  const ignored = (rows.header ?? []).filter(
    (name) => name !== "" && !columns.some((column) => column.name === name),
  );
  if (target.columns === undefined && ignored.length > 0)
    log.warn(`the file also has ${quotedNames(ignored)}, which the load does not take`);
}

function quotedNames(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
