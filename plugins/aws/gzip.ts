/** Unpacks gzip, and names the object when that fails. */
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { FailTask } from "dagsmith";

/**
 * The content of a gzipped body. Bytes that are no gzip, or end early, are a FailTask:
 * the body itself is known to be whole.
 * @param name the object, for the error
 */
export function gunzipped(body: Readable, name: string): Readable {
  const plain = createGunzip();
  pipeline(body, plain, () => {});
  return Readable.from(named(plain, name), { objectMode: false });
}

async function* named(plain: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  try {
    yield* plain;
  } catch (error) {
    throw isZlibError(error)
      ? new FailTask(
          `${name} is not whole gzip, although its name or its mark says so: ${error.message}`,
          { cause: error },
        )
      : error;
  }
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}
