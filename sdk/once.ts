/** Work whose result many callers share, such as the loading of a client. */

export interface Once<Value> {
  /** Begins the work with the first call. Later calls get the same promise. */
  (): Promise<Value>;
  /** The work that runs or succeeded; undefined when none did. */
  begun(): Promise<Value> | undefined;
}

/**
 * Does some work once. After a failure, the next call does it again: a kept failure would
 * last as long as the process.
 */
export function once<Value>(work: () => Promise<Value>): Once<Value> {
  let begun: Promise<Value> | undefined;
  const result = (): Promise<Value> => {
    begun ??= work().catch((error: unknown) => {
      begun = undefined;
      throw error;
    });
    return begun;
  };
  return Object.assign(result, { begun: () => begun });
}
