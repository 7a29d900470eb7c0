/**
 * Notices that code replaced what JavaScript and Node provide: `JSON.stringify`, `Date`,
 * `console`.
 */

import { type Definitions, SHARED } from "./watched_definitions.ts";

const { keys, getOwnPropertyDescriptors } = Object;
const { stringify } = JSON;

/** The objects whose functions are compared one by one. */
const WATCHED: Readonly<Record<string, object>> = {
  globalThis,
  Object,
  "Object.prototype": Object.prototype,
  "Function.prototype": Function.prototype,
  Array,
  "Array.prototype": Array.prototype,
  "String.prototype": String.prototype,
  "Number.prototype": Number.prototype,
  Promise,
  "Promise.prototype": Promise.prototype,
  JSON,
  Math,
  Date,
  "Date.prototype": Date.prototype,
  "Map.prototype": Map.prototype,
  "Set.prototype": Set.prototype,
  "RegExp.prototype": RegExp.prototype,
  Error,
  Reflect,
  Buffer,
  console,
  process,
  "process.stdout": process.stdout,
  "process.stderr": process.stderr,
};

export interface Intrinsics {
  /** The name of the first thing that differs; undefined when nothing does. */
  changed(): string | undefined;
}

/**
 * Remembers what JavaScript provides now. One comparison reads about 500 functions and
 * asks for the listed properties of the shared objects, in 3 µs.
 * @param definitions finds the properties that are not listed
 */
export function intrinsicsNow(definitions: Definitions): Intrinsics {
  const replaced = comparison();
  const defined = definitions.count();
  const listed = Object.entries(SHARED).map(([name, object]) => listedOf(name, object));
  return {
    changed: () => {
      const name = replaced();
      if (name !== undefined) return name;
      for (let index = 0; index < listed.length; index++) {
        const found = listed[index]?.();
        if (found !== undefined) return found;
      }
      return definitions.count() === defined ? undefined : `a property of ${definitions.last()}`;
    },
  };
}

type Check = () => string | undefined;

interface WatchedFunction {
  readonly object: object;
  readonly name: string;
  readonly key: string;
  readonly value: unknown;
}

/**
 * Compares each function with what it is now. Compiled, because a loop over names takes
 * 20 µs, which is much for a try that lasts 50 µs: V8 reads a property of a known name
 * twenty times as fast.
 */
function comparison(): Check {
  const watched = keys(WATCHED).flatMap((name) => functionsOf(name, WATCHED[name] as object));
  const lines = watched.map(
    ({ name, key }, index) =>
      `if (o${index}[${stringify(key)}] !== f${index}) return ${stringify(`${name}.${key}`)};`,
  );
  const names = watched.flatMap((_, index) => [`o${index}`, `f${index}`]);
  const make = new Function(...names, `return () => { ${lines.join("\n")} };`);
  return make(...watched.flatMap(({ object, value }) => [object, value]));
}

function functionsOf(name: string, object: object): readonly WatchedFunction[] {
  const descriptors = getOwnPropertyDescriptors(object) as PropertyDescriptorMap;
  // A getter, such as that of `fetch`, would load what it stands for.
  return keys(descriptors).flatMap((key) => {
    const value: unknown = descriptors[key]?.value;
    return typeof value === "function" ? [{ object, name, key, value }] : [];
  });
}

/** Counted in a loop, because a list of the names would be an object for each try. */
function listedOf(name: string, object: object): Check {
  const count = (): number => {
    let found = 0;
    for (const _ in object) found += 1;
    return found;
  };
  const before = count();
  return () => (count() === before ? undefined : `a property of ${name}`);
}
