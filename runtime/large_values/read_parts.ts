/** Reads a large object part by part, so that its size does not matter. */

import { errorMessage } from "../../sdk/error_message.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import type { LargeValues } from "./store.ts";

/** Each part is read whole, with the retries of the store, before the reader gets it. */
const PART_BYTES = 8 * 1024 * 1024;

/**
 * The bytes of an object.
 * @throws DagsmithError FILE_GONE, FILE_UNREADABLE
 */
export async function* readParts(
  values: LargeValues,
  object: string,
  { name, size }: { readonly name: string; readonly size: number },
): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < size; from += PART_BYTES) {
    const length = Math.min(PART_BYTES, size - from);
    const part = await values.readRange(object, from, length).catch((cause: unknown) => {
      const params = { name, folder: values.place, reason: errorMessage(cause) };
      throw new DagsmithError("FILE_UNREADABLE", params, { cause });
    });
    if (!part) throw gone(values, name);
    yield part;
    // The reader finds that the file is shorter than its reference.
    if (part.length < length) return;
  }
}

function gone({ place }: LargeValues, name: string): DagsmithError {
  const reason = `${place} does not have it on this machine`;
  return new DagsmithError("FILE_GONE", { name, reason });
}
