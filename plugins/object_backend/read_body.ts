/** Reads the body of an answer, and requests it again when it breaks off. */
import { buffer } from "node:stream/consumers";

/** Clients repeat a request only until its answer begins. */
const BODY_ATTEMPTS = 3;

/**
 * The whole body of an answer. A body that breaks off is requested again, three times in
 * all.
 * @param from.place operation and object, for the error
 * @param from.host where the request goes, for the error
 * @param request sends the request; its errors are not repeated
 * @throws Error with place and host when each body broke off; what the request throws
 * @example
 * const from = { place: "Store get a", host: "store:9000", signal };
 * const bytes = await readBody(from, async () => (await get("a", signal)).body);
 */
export async function readBody(
  {
    place,
    host,
    signal,
  }: { readonly place: string; readonly host: string; readonly signal: AbortSignal },
  request: () => Promise<AsyncIterable<Uint8Array>>,
): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt++) {
    const body = await request();
    try {
      return await buffer(body);
    } catch (cause) {
      signal.throwIfAborted();
      if (attempt === BODY_ATTEMPTS) throw brokenOff(`${place}: no answer from ${host}`, cause);
    }
  }
}

function brokenOff(words: string, cause: unknown): Error {
  return new Error(`${words}: the content broke off in each of ${BODY_ATTEMPTS} attempts`, {
    cause,
  });
}
