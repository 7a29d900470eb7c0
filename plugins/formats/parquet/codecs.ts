/** The codecs that pages of Parquet are packed by. Node has most of them itself. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { loadPackage } from "dagsmith";
import type { CompressionCodec, Compressors, FileMetaData } from "hyparquet";

/** Without the limit, a damaged page could fill the memory. */
const limit = (maxOutputLength: number) => ({ maxOutputLength: Math.max(maxOutputLength, 1) });

const OF_NODE: Compressors = {
  GZIP: (bytes, length) => gunzipSync(bytes, limit(length)),
  BROTLI: (bytes, length) => brotliDecompressSync(bytes, limit(length)),
  ZSTD: (bytes, length) => zstdDecompressSync(bytes, limit(length)),
};
const OF_PACKAGE: readonly CompressionCodec[] = ["LZ4", "LZ4_RAW"];

/** The codecs that a file uses. */
export function codecsOf({ row_groups }: FileMetaData): ReadonlySet<CompressionCodec> {
  const chunks = row_groups.flatMap(({ columns }) => columns);
  return new Set(chunks.flatMap(({ meta_data }) => meta_data?.codec ?? []));
}

/** @throws DagsmithError PACKAGE_MISSING for a codec whose package is not installed */
export async function compressorsFor(codecs: ReadonlySet<CompressionCodec>): Promise<Compressors> {
  if (!OF_PACKAGE.some((codec) => codecs.has(codec))) return OF_NODE;
  const { compressors } = await loadPackage(
    "A Parquet file with LZ4",
    "hyparquet-compressors",
    () => import("hyparquet-compressors"),
  );
  return { ...compressors, ...OF_NODE };
}
