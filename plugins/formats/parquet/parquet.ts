/** Reads Parquet as rows, one row group at a time. */
import { FailTask, type Json } from "dagsmith";
import type { SchemaTree } from "hyparquet";
import { foldedNames } from "../header.ts";
import type { RowFile } from "../row_file.ts";
import type { SourceRow, SourceRows } from "../source_row.ts";
import { type OpenParquet, openParquet } from "./open_parquet.ts";
import { unreadableType, valueReader } from "./parquet_value.ts";

/** Rows of a batch: the rows of a group become objects piece by piece. */
const BATCH_ROWS = 1_000;

/**
 * The rows of a Parquet file. Its columns have the names of the schema, in lower case;
 * only those of the load are read. Memory holds one row group. Needs the package
 * hyparquet, and hyparquet-compressors for LZ4.
 *
 * Whole numbers that a double cannot hold and decimals are strings, dates and times ISO
 * 8601 strings, binary values `\x` and hexadecimal digits, lists and structs as JSON has
 * them.
 * @throws FailTask for a file that is not whole or not Parquet, naming the row group;
 *   DagsmithError PACKAGE_MISSING
 * @example loadTable(lake, target, readParquet(pathFile("trips.parquet")), log)
 */
export function readParquet(file: RowFile): SourceRows {
  return new ParquetRows(file);
}

class ParquetRows implements SourceRows {
  readonly unit = "row";
  readonly #file: RowFile;
  #required: readonly string[] = [];
  header: readonly string[] | undefined;

  constructor(file: RowFile) {
    this.#file = file;
  }

  requireColumns(columns: readonly string[]): void {
    this.#required = columns;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly SourceRow[]> {
    await using parquet = await openParquet(this.#file);
    const columns = this.#columns(parquet);
    const names = columns.map(({ written }) => written);
    for (let group = 0; group < parquet.groups.length; group += 1)
      yield* batches(columns, parquet.groups[group]?.from ?? 0, await parquet.rows(group, names));
  }

  /** The columns to read: those of the load, else all. */
  #columns({ columns }: OpenParquet): readonly ReadColumn[] {
    const names = columns.map(({ element }) => element.name);
    const header = foldedNames("Parquet file", names, this.#required);
    this.header = header;
    return columns.flatMap((node, index) => {
      const name = header[index] ?? "";
      const isWanted = this.#required.length === 0 || this.#required.includes(name);
      return isWanted ? [readColumn(this.#file.name, node, name)] : [];
    });
  }
}

/** A column that is read. */
interface ReadColumn {
  /** The name that the file has. */
  readonly written: string;
  readonly name: string;
  readonly read: (value: unknown) => Json;
}

function readColumn(file: string, node: SchemaTree, name: string): ReadColumn {
  const refused = unreadableType(node);
  if (refused !== null)
    throw new FailTask(
      `${file}, column "${name}": values of the type ${refused} cannot be read. Leave the column out of the columns of the load, or write the file with another type.`,
    );
  return { written: node.element.name, name, read: valueReader(node) };
}

function* batches(
  columns: readonly ReadColumn[],
  from: number,
  rows: readonly (readonly unknown[])[],
): Generator<readonly SourceRow[]> {
  for (let at = 0; at < rows.length; at += BATCH_ROWS)
    yield rows
      .slice(at, at + BATCH_ROWS)
      .map((row, index) => ({ line: from + at + index + 1, values: valuesOf(columns, row) }));
}

function valuesOf(
  columns: readonly ReadColumn[],
  row: readonly unknown[],
): Readonly<Record<string, Json>> {
  // Assigning to __proto__ would set no value.
  return Object.fromEntries(columns.map(({ name, read }, index) => [name, read(row[index])]));
}
