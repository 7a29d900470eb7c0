/**
 * Answers as small as the client can read them. Streams are never compressed: their
 * events would wait in a buffer.
 */
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Response } from "express";

/** Smaller answers fit into one packet anyway. */
const MIN_BYTES = 1_024;
/** About as fast as gzip, and smaller. */
const BROTLI_QUALITY = 4;

export type Encoding = "br" | "gzip";

/** The smallest encoding that the client takes. Browsers list gzip first. */
export function encodingFor({ req }: Response): Encoding | undefined {
  return (["br", "gzip"] as const).find((encoding) => req.acceptsEncodings(encoding) === encoding);
}

const brotlied = promisify(brotliCompress);
const gzipped = promisify(gzip);

export function compress(
  body: Buffer,
  encoding: Encoding,
  quality = BROTLI_QUALITY,
): Promise<Buffer> {
  if (encoding === "gzip") return gzipped(body);
  return brotlied(body, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });
}

/** Sends a text whose type is set. */
export async function sendCompressed(response: Response, text: string): Promise<void> {
  const body = Buffer.from(text);
  response.vary("Accept-Encoding");
  const encoding = body.length < MIN_BYTES ? undefined : encodingFor(response);
  if (encoding === undefined) return void response.send(body);
  response.set("Content-Encoding", encoding).send(await compress(body, encoding));
}
