/** What the ending of a file says: its format, and how the whole file is packed. Pure. */
import { FailTask } from "dagsmith";
import type { Compression } from "./bytes/compression.ts";

/** A format of rows. `json` is one object a line. */
export type RowFormat = "csv" | "json" | "parquet";

/** What is known of the bytes of a file. */
export interface FileKind {
  readonly format: RowFormat;
  /** How the whole file is packed; null when it is not. */
  readonly compression: Compression | null;
}

const FORMATS: Readonly<Record<string, RowFormat>> = {
  csv: "csv",
  json: "json",
  jsonl: "json",
  ndjson: "json",
  parquet: "parquet",
};
const COMPRESSIONS: Readonly<Record<string, Compression>> = { gz: "gzip", zst: "zstd" };
const ALLOWED = ".csv, .json, .jsonl, .ndjson (each also with .gz or .zst), .parquet";

/**
 * The kind of a file by the ending of its name.
 * @throws FailTask when the ending names no format, or a Parquet file is packed as a whole
 * @example fileKind("trips.csv.gz") // { format: "csv", compression: "gzip" }
 */
export function fileKind(name: string): FileKind {
  const [, ending = "", packing] = /\.([a-z]+)(?:\.(gz|zst))?$/i.exec(name) ?? [];
  const format = FORMATS[ending.toLowerCase()];
  if (format === undefined || (format === "parquet" && packing !== undefined))
    throw new FailTask(`The ending of "${name}" names no format of rows. Allowed: ${ALLOWED}.`);
  return { format, compression: compressionOf(name) };
}

/** How a file is packed, by its ending alone. */
export function compressionOf(name: string): Compression | null {
  const [, packing = ""] = /\.([a-z]+)$/i.exec(name) ?? [];
  return COMPRESSIONS[packing.toLowerCase()] ?? null;
}
