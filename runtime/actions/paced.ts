/** Long work on many values, in portions, so that the process answers others meanwhile. */
import { setImmediate } from "node:timers/promises";

/** A longer portion delays the requests of others. */
const PORTION_MS = 20;

/** Maps the values in their order; other work of the process runs between portions. */
export async function pacedMap<Value, Result>(
  values: readonly Value[],
  map: (value: Value) => Result,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let begun = performance.now();
  for (const value of values) {
    results.push(map(value));
    if (performance.now() - begun < PORTION_MS) continue;
    await setImmediate();
    begun = performance.now();
  }
  return results;
}
