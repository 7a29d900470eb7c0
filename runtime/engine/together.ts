/** Several requests to the store at once. */

/**
 * Like `Promise.all`, but waits for all of them also after a failure: a request that goes
 * on after its transaction was rolled back would write outside of it.
 * @throws the error that came first; the others follow from it
 */
export function together<const Requests extends readonly Promise<unknown>[]>(
  requests: Requests,
): Promise<{ -readonly [Index in keyof Requests]: Awaited<Requests[Index]> }> {
  return Promise.all(requests).finally(() => Promise.allSettled(requests));
}
