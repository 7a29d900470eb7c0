/** Streams rows into a temporary table of the wanted columns, by COPY. */
import { identifier, type Sql, sql, type TaskLog } from "dagsmith";
import type { SourceRows } from "../read/source_row.ts";
import type { PostgresSession } from "../session.ts";
import { readerOf } from "../values/nested_value.ts";
import type { ValueType } from "../values/value_type.ts";
import { valueTypesOf } from "./catalog.ts";
import type { Column, ExistingColumn } from "./columns.ts";
import { type ColumnWriter, type CopyOptions, copyText } from "./copy_text.ts";
import type { LineMap } from "./line_map.ts";
import { columnList } from "./load_sql.ts";
import type { CheckedTarget } from "./load_target.ts";

/** What is staged, and where. */
export interface Stage {
  readonly target: CheckedTarget;
  readonly columns: readonly Column[];
  readonly rows: SourceRows;
  readonly staging: Sql;
  /** The column for the line of each row. */
  readonly lineColumn: string;
  /** The columns of the table that the rows are for. */
  readonly existing: readonly ExistingColumn[];
  readonly lines: LineMap;
  readonly log: TaskLog;
}

/** @returns how many rows were read */
export async function stage(session: PostgresSession, wanted: Stage): Promise<number> {
  const { columns, staging, lineColumn, rows, target, lines } = wanted;
  await session.execute(stagingTable(wanted));
  const types = await valueTypesOf(session, staging);
  const options: CopyOptions = {
    writers: columns.map((column) => writerOf(column, wanted, types)),
    removesNul: target.nul === "remove",
    ...{ lines, rows: 0, nulRows: 0, absent: new Set(columns.map(({ name }) => name)) },
  };
  const names = [...columns.map(({ name }) => name), lineColumn];
  await session.copyFrom(staging, names, copyText(rows, options));
  // Without statistics the planner would take the staging table for a small one.
  await session.execute(sql`analyze ${staging}`);
  warnOfLosses(wanted, options);
  return options.rows;
}

function stagingTable({ columns, staging, lineColumn }: Stage): Sql {
  const definitions = columnList(columns, [], { typeName: (type) => type });
  return sql`create temporary table ${staging} (${definitions}, ${identifier(lineColumn)} bigint not null) on commit drop`;
}

function writerOf(
  { name, type }: Column,
  { target, existing }: Stage,
  types: ReadonlyMap<string, ValueType>,
): ColumnWriter {
  const toText = readerOf(types.get(name) ?? { kind: "scalar", name: type });
  const isNotNull = existing.some(
    (column) => column.name.toLowerCase() === name && column.isNotNull,
  );
  if (target.primaryKey.includes(name))
    return { name, toText, whyNotNull: "null is not allowed in the primary key" };
  return { name, toText, whyNotNull: isNotNull ? "null is not allowed in this column" : undefined };
}

function warnOfLosses({ log, rows, columns, target }: Stage, seen: CopyOptions): void {
  if (seen.nulRows > 0)
    log.warn(
      `${seen.nulRows} rows held NUL characters, which PostgreSQL cannot store; they were left out`,
    );
  if (seen.rows > 0 && seen.absent.size > 0)
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
