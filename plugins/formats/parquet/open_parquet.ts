/**
 * A Parquet file that is open: its schema, its row groups, and the rows of one of them.
 * The only file that knows the library, which only users of Parquet install.
 */
import { errorMessage, FailTask, loadPackage } from "dagsmith";
import type { AsyncBuffer, Compressors, FileMetaData, SchemaTree } from "hyparquet";
import type { FileParts, RowFile } from "../row_file.ts";
import { codecsOf, compressorsFor } from "./codecs.ts";
import { PARSERS, withRawValues } from "./parquet_value.ts";

/** The rows that a group has. */
interface RowGroup {
  /** How many rows stand before it. */
  readonly from: number;
  readonly rows: number;
}

export interface OpenParquet extends AsyncDisposable {
  /** The columns of the schema, in their order. */
  readonly columns: readonly SchemaTree[];
  readonly groups: readonly RowGroup[];
  /** The rows of a group, each with the values of the columns in their order. */
  rows(group: number, columns: readonly string[]): Promise<readonly (readonly unknown[])[]>;
}

/** @throws FailTask for a file that is not Parquet, or has lost its end */
export async function openParquet(file: RowFile): Promise<OpenParquet> {
  const library = await loadPackage("A Parquet file", "hyparquet", () => import("hyparquet"));
  const source = new PartsBuffer(file.name, await file.parts());
  try {
    return await opened(library, source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function opened(
  library: typeof import("hyparquet"),
  source: PartsBuffer,
): Promise<OpenParquet> {
  const metadata = await source.decoded("is not a whole Parquet file", () =>
    library.parquetMetadataAsync(source, { geoparquet: false }),
  );
  const { children } = library.parquetSchema(metadata);
  const compressors = await compressorsFor(codecsOf(metadata));
  const groups = groupsOf(metadata);
  const raw = withRawValues(metadata);
  return {
    ...{ columns: children, groups },
    rows: (group, columns) => {
      const { from = 0, rows = 0 } = groups[group] ?? {};
      const place = `is damaged in row group ${group + 1} (rows ${from + 1} to ${from + rows})`;
      return source.decoded(place, () =>
        rowsOf(library, { file: source, metadata: raw, compressors }, columns, from, from + rows),
      );
    },
    [Symbol.asyncDispose]: () => source.close(),
  };
}

interface Decoding {
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly compressors: Compressors;
}

async function rowsOf(
  { parquetRead }: typeof import("hyparquet"),
  decoding: Decoding,
  columns: readonly string[],
  rowStart: number,
  rowEnd: number,
): Promise<readonly (readonly unknown[])[]> {
  let found: readonly (readonly unknown[])[] = [];
  await parquetRead({
    ...decoding,
    ...{ rowStart, rowEnd, parsers: PARSERS, utf8: false, geoparquet: false },
    columns: [...columns],
    onComplete: (rows) => {
      found = rows;
    },
  });
  if (found.length !== rowEnd - rowStart)
    throw new Error(`it has ${found.length} rows, not ${rowEnd - rowStart}`);
  return found;
}

function groupsOf({ row_groups }: FileMetaData): readonly RowGroup[] {
  let from = 0;
  return row_groups.map(({ num_rows }) => {
    const group = { from, rows: Number(num_rows) };
    from += group.rows;
    return group;
  });
}

/** The file for the library, which tells a read that fails from bytes that are damaged. */
class PartsBuffer implements AsyncBuffer {
  readonly byteLength: number;
  readonly #name: string;
  readonly #parts: FileParts;
  #readError: { readonly error: unknown } | undefined;

  constructor(name: string, parts: FileParts) {
    this.#name = name;
    this.#parts = parts;
    this.byteLength = parts.size;
  }

  async slice(start: number, end = this.byteLength): Promise<ArrayBuffer> {
    const bytes = await this.#parts.read(start, end - start).catch((error: unknown) => {
      this.#readError ??= { error };
      throw error;
    });
    if (bytes.length < end - start)
      throw new Error(`it ends before its byte ${end}, which its index names`);
    return bytes.slice().buffer as ArrayBuffer;
  }

  /** @throws FailTask when what was read cannot be decoded; else what the read throws */
  async decoded<Result>(fault: string, decode: () => Promise<Result>): Promise<Result> {
    try {
      return await decode();
    } catch (error) {
      if (this.#readError) throw this.#readError.error;
      throw new FailTask(`${this.#name} ${fault}: ${errorMessage(error)}`, { cause: error });
    }
  }

  close(): Promise<void> {
    return this.#parts.close();
  }
}
