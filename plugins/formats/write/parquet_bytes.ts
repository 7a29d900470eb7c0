/** Rows as Parquet, one row group at a time. */
import { loadPackage } from "dagsmith";
import { batchesOf, type FileColumn, type Row, type RowBatches } from "./column.ts";
import { type ParquetColumn, parquetColumn } from "./parquet_column.ts";
import { atRow } from "./text_value.ts";

/** A row group is in memory. */
const GROUP_ROWS = 100_000;
const GROUP_CHARACTERS = 64 * 1024 * 1024;

/** Packed by Snappy, which every reader knows. */
export async function* parquetBytes(
  rows: RowBatches,
  columns: readonly FileColumn[],
): AsyncGenerator<Uint8Array> {
  const { ByteWriter, ParquetWriter } = await loadPackage(
    "A Parquet file",
    "hyparquet-writer",
    () => import("hyparquet-writer"),
  );
  const written = columns.map(parquetColumn);
  const writer = new ByteWriter();
  const root = { name: "root", num_children: written.length };
  const file = new ParquetWriter({
    ...{ writer, createdBy: "dagsmith" },
    schema: [root, ...written.map(({ element }) => element)],
  });
  const taken = (): Uint8Array => {
    const bytes = writer.getBytes().slice();
    writer.index = 0;
    return bytes;
  };
  for await (const group of groupsOf(rows, written)) {
    const columnData = written.map(({ element: { name } }, index) => ({
      name,
      data: group[index] ?? [],
    }));
    await file.write({ columnData, rowGroupSize: GROUP_ROWS });
    yield taken();
  }
  await file.finish();
  yield taken();
}

/** The values of each group, by columns. */
async function* groupsOf(
  rows: RowBatches,
  columns: readonly ParquetColumn[],
): AsyncGenerator<readonly unknown[][]> {
  let group = new Group(columns);
  for await (const { batch, from } of batchesOf(rows))
    for (const [index, row] of batch.entries()) {
      group.add(row, from + index);
      if (!group.isFull) continue;
      yield group.values;
      group = new Group(columns);
    }
  if (group.rows > 0) yield group.values;
}

class Group {
  readonly values: unknown[][];
  readonly #columns: readonly ParquetColumn[];
  #characters = 0;
  rows = 0;

  constructor(columns: readonly ParquetColumn[]) {
    this.#columns = columns;
    this.values = columns.map(() => []);
  }

  get isFull(): boolean {
    return this.rows >= GROUP_ROWS || this.#characters >= GROUP_CHARACTERS;
  }

  /** @throws FailTask for a value that does not fit, naming row and column */
  add(row: Row, number: number): void {
    this.#columns.forEach(({ element: { name }, stored }, index) => {
      const value = row[name] ?? null;
      const kept = value === null ? null : atRow(number, name, () => stored(value));
      this.values[index]?.push(kept);
      if (typeof kept === "string" || kept instanceof Uint8Array) this.#characters += kept.length;
    });
    this.rows += 1;
  }
}
