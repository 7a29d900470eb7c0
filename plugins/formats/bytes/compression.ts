/**
 * Packs and unpacks whole files. Apart from the formats: what is in the bytes is not known here.
 */
import { pipeline, Readable } from "node:stream";
import { createGunzip, createGzip, createZstdCompress } from "node:zlib";
import { FailTask } from "dagsmith";
import { unpackedZstd } from "./zstd.ts";

/** How a whole file is packed: `.gz`, or `.zst`. */
export type Compression = "gzip" | "zstd";

const PACKERS = { gzip: createGzip, zstd: createZstdCompress };

/**
 * The content of packed bytes. Bytes that are not packed so, or end early, are a
 * FailTask: the bytes themselves are known to be whole.
 * @param name of the file, for the error
 * @example for await (const piece of unpacked(bytes, "zstd", "trips.csv.zst")) write(piece);
 */
export function unpacked(
  bytes: AsyncIterable<Uint8Array | string>,
  compression: Compression,
  name: string,
): Readable {
  const plain = compression === "gzip" ? unpackedGzip(bytes) : unpackedZstd(bytes);
  return Readable.from(named(plain, compression, name), { objectMode: false });
}

function unpackedGzip(bytes: AsyncIterable<Uint8Array | string>): AsyncIterable<Buffer> {
  // The reader of the unpacked bytes gets the error.
  return pipeline(Readable.from(bytes, { objectMode: false }), createGunzip(), () => {});
}

/**
 * The bytes, packed.
 * @example await files.put("trips.csv.gz", packed(bytes, "gzip"));
 */
export function packed(
  bytes: AsyncIterable<Uint8Array | string>,
  compression: Compression,
): Readable {
  const packer = PACKERS[compression]();
  // The reader of the packer gets the error.
  return pipeline(Readable.from(bytes, { objectMode: false }), packer, () => {});
}

async function* named(
  plain: AsyncIterable<Buffer>,
  compression: Compression,
  name: string,
): AsyncGenerator<Buffer> {
  try {
    yield* plain;
  } catch (error) {
    throw isZlibError(error)
      ? new FailTask(
          `${name} is not whole ${compression}, although its name or its mark says so: ${error.message}`,
          { cause: error },
        )
      : error;
  }
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /^Z(STD)?_/.test(String(error.code));
}
