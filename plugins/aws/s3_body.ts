/** Bodies on their way to and from S3: counted, so that a cut one is noticed. */
import { Transform, type TransformCallback } from "node:stream";

/** Passes bytes on and counts them. */
export class ByteCount extends Transform {
  bytes = 0;

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    done(null, chunk);
  }
}

/**
 * The chunks of a body, and an error when there are fewer than announced: a connection
 * that breaks may look like an end.
 * @param expected the Content-Length; undefined when the server named none
 * @param name the object, for the error
 */
export async function* wholeBody(
  body: AsyncIterable<Uint8Array>,
  expected: number | undefined,
  name: string,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      yield chunk;
    }
  } catch (cause) {
    throw new Error(
      `S3 GetObject ${name}: the body broke off after ${bytes} of ${expected ?? "unknown"} bytes`,
      { cause },
    );
  }
  if (expected !== undefined && bytes !== expected)
    throw new Error(`S3 GetObject ${name}: the body has ${bytes} of ${expected} bytes`);
}
