/**
 * Counts the writes to `process.env`. Comparing all variables after each try would take
 * longer than a short task.
 */

/**
 * Begins to count. @returns the number of writes so far; another object counts as a write
 */
export function watchEnvironment(): () => number {
  let writes = 0;
  const counted = <Result>(result: Result): Result => {
    writes += 1;
    return result;
  };
  const watched = new Proxy(process.env, {
    set: (target, name, value) => counted(Reflect.set(target, name, value)),
    deleteProperty: (target, name) => counted(Reflect.deleteProperty(target, name)),
    defineProperty: (target, name, to) => counted(Reflect.defineProperty(target, name, to)),
  });
  process.env = watched;
  return () => (process.env === watched ? writes : Number.NaN);
}
