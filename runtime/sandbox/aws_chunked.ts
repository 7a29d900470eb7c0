/**
 * The `aws-chunked` framing that SDKs put around a streamed upload. A server that does
 * not remove it stores the framing as content.
 */
import type { IncomingHttpHeaders } from "node:http";

/**
 * The content of a body that may be framed: chunks of `<hex
 * size>[;chunk-signature=…]\r\n<bytes>\r\n`, a chunk of size 0, trailers.
 */
export function unframe(body: Buffer, headers: IncomingHttpHeaders): Buffer {
  const framed =
    /\baws-chunked\b/.test(headers["content-encoding"] ?? "") ||
    /^STREAMING-/.test(String(headers["x-amz-content-sha256"] ?? ""));
  return framed ? Buffer.concat([...chunksOf(body)]) : body;
}

function* chunksOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; ) {
    const endOfLine = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.toString("latin1", at, endOfLine), 16);
    if (endOfLine < 0 || !(size > 0)) return;
    yield body.subarray(endOfLine + 2, endOfLine + 2 + size);
    at = endOfLine + 2 + size + 2;
  }
}
