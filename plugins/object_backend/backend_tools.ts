/** What a backend of an object store needs: order, parts of a stream, several requests at once. */
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** A part of a stream, as {@link partsOf} cuts it. */
export interface StreamPart {
  /** Where it begins, in bytes. */
  readonly from: number;
  readonly bytes: Buffer;
  readonly isLast: boolean;
}

/**
 * Sorts the objects and folders of a page by their keys, as bytes of UTF-8. Systems list
 * folders apart from objects.
 * @returns the same array
 * @example yield* inKeyOrder([...folders, ...objects]);
 */
export function inKeyOrder<Entry extends { readonly key: string } | { readonly prefix: string }>(
  entries: Entry[],
): Entry[] {
  const nameOf = (entry: Entry): Buffer => Buffer.from("key" in entry ? entry.key : entry.prefix);
  return entries.sort((one, other) => Buffer.compare(nameOf(one), nameOf(other)));
}

/**
 * The same bytes, as a stream that ends with an error when the signal aborts: a source
 * that gives nothing would hold the task after its end. Destroy it when it is not read to
 * its end.
 * @example for await (const piece of abortable(bytes, signal)) await write(piece);
 */
export function abortable(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Readable {
  const passed = new PassThrough();
  // The reader of the stream gets the error.
  pipeline(Readable.from(bytes, { objectMode: false }), passed, { signal }).catch(() => undefined);
  return passed;
}

/**
 * Cuts a stream into parts of one size. One part is in memory. The last one may be empty:
 * only then is it known that nothing follows.
 * @param size of a part, in bytes
 * @throws Error when the source fails, or with the signal
 * @example
 * for await (const { from, bytes } of partsOf(source, 8 * MIB, signal)) await send(from, bytes);
 */
export async function* partsOf(
  bytes: AsyncIterable<Uint8Array>,
  size: number,
  signal: AbortSignal,
): AsyncGenerator<StreamPart> {
  let [from, pending, pendingBytes] = [0, [] as Uint8Array[], 0];
  for await (const piece of abortable(bytes, signal) as AsyncIterable<Buffer>) {
    pending.push(piece);
    pendingBytes += piece.length;
    if (pendingBytes <= size) continue;
    const all = Buffer.concat(pending);
    let at = 0;
    for (; all.length - at > size; at += size)
      yield { from: from + at, bytes: all.subarray(at, at + size), isLast: false };
    from += at;
    pending = [all.subarray(at)];
    pendingBytes -= at;
  }
  yield { from, bytes: Buffer.concat(pending), isLast: true };
}

/**
 * Works on all items, on at most `most` of them at the same time, and takes an item when
 * its work begins. After a failure it begins no other, and aborts the signal of those
 * under way; all of them have ended when it settles.
 * @throws what the first work that fails throws, or the source of the items
 * @example await eachAtOnce(keys, 16, (key, signal) => remove(key, signal));
 */
export async function eachAtOnce<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  most: number,
  work: (item: Item, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const failed = new AbortController();
  const rest = (async function* () {
    yield* items;
  })();
  const worker = async (): Promise<void> => {
    try {
      for (;;) {
        const { done, value } = await rest.next();
        if (done || failed.signal.aborted) return;
        await work(value, failed.signal);
      }
    } catch (error) {
      failed.abort(error);
    }
  };
  await Promise.all(Array.from({ length: most }, worker));
  await rest.return();
  failed.signal.throwIfAborted();
}
