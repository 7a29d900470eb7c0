/** Formats of files by their endings, as DuckDB reads and writes them. Pure. */
import { FailTask, identifier, Sql, sql } from "dagsmith";

interface Format {
  readonly endings: readonly string[];
  /** The table function that reads it. */
  readonly reader: string;
  /** Options of COPY that write it. */
  readonly writer: string;
  /** Whether the whole file may be compressed. */
  readonly isCompressible: boolean;
}

const FORMATS: readonly Format[] = [
  {
    ...{ endings: ["csv"], isCompressible: true },
    ...{ reader: "read_csv", writer: "format csv, header" },
  },
  {
    ...{ endings: ["tsv"], isCompressible: true },
    ...{ reader: "read_csv", writer: "format csv, header, delimiter '\t'" },
  },
  {
    ...{ endings: ["json", "jsonl", "ndjson"], isCompressible: true },
    ...{ reader: "read_json", writer: "format json" },
  },
  {
    ...{ endings: ["parquet"], isCompressible: false },
    ...{ reader: "read_parquet", writer: "format parquet, compression zstd" },
  },
];

const COMPRESSIONS: Readonly<Record<string, string>> = { gz: "gzip", zst: "zstd" };
const ALLOWED = ".csv, .tsv, .json, .jsonl, .ndjson (each also with .gz or .zst), .parquet";

/**
 * The statement that makes a temporary view over files. A view cannot bind values, so the
 * paths are literals in it.
 */
export function viewOf(name: string, files: readonly string[]): Sql {
  const readers = new Set(files.map((file) => formatOf(file).format.reader));
  const [reader, other] = readers;
  if (reader === undefined) throw new FailTask(`The table "${name}" has no files.`);
  if (other !== undefined)
    throw new FailTask(`The table "${name}" has files of several formats: ${files.join(", ")}.`);
  const paths = files.map(literal).join(", ");
  const source = new Sql([`${reader}([${paths}])`]);
  return sql`create or replace temp view ${identifier(name)} as select * from ${source}`;
}

/** The statement that writes the rows of a query into a file. */
export function copyInto(query: Sql, path: string): Sql {
  const { format, compression } = formatOf(path);
  const options = compression ? `${format.writer}, compression ${compression}` : format.writer;
  return new Sql(["copy (", ...query.pieces, `) to ${literal(path)} (${options})`]);
}

/** @throws FailTask when the ending names no format */
export function formatOf(path: string): {
  readonly format: Format;
  readonly compression: string | undefined;
  /** Without the dot, such as `csv.gz`. */
  readonly ending: string;
} {
  const [whole = "", ending = "", packed] = /\.([a-z]+)(?:\.(gz|zst))?$/i.exec(path) ?? [];
  const format = FORMATS.find(({ endings }) => endings.includes(ending.toLowerCase()));
  if (format === undefined || (packed !== undefined && !format.isCompressible))
    throw new FailTask(`DuckDB: the ending of "${path}" names no format. Allowed: ${ALLOWED}.`);
  const compression = packed && COMPRESSIONS[packed.toLowerCase()];
  return { format, compression, ending: whole.slice(1) };
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
