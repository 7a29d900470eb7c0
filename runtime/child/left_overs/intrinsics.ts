/**
 * Notices that code replaced what JavaScript and Node provide: `JSON.stringify`, `Date`,
 * `console`.
 */

const { keys, getOwnPropertyNames, getOwnPropertyDescriptors } = Object;

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

/**
 * Objects on which an added property changes how other code behaves, as `toJSON` does.
 */
const CLOSED: Readonly<Record<string, object>> = {
  "Object.prototype": Object.prototype,
  "Array.prototype": Array.prototype,
  "String.prototype": String.prototype,
  "Promise.prototype": Promise.prototype,
};

export interface Intrinsics {
  /** The name of the first thing that differs; undefined when nothing does. */
  changed(): string | undefined;
}

/**
 * Remembers what JavaScript provides now. One comparison reads about 500 functions, in 12
 * µs.
 */
export function intrinsicsNow(): Intrinsics {
  const watched = keys(WATCHED).map((name) => functionsOf(name, WATCHED[name] as object));
  const closed = keys(CLOSED).map((name) => sizeOf(name, CLOSED[name] as object));
  const globals = getOwnPropertyNames(globalThis).length;
  return {
    changed: () => {
      for (let index = 0; index < watched.length; index++) {
        const found = watched[index]?.();
        if (found !== undefined) return found;
      }
      for (let index = 0; index < closed.length; index++) {
        const found = closed[index]?.();
        if (found !== undefined) return found;
      }
      return getOwnPropertyNames(globalThis).length === globals
        ? undefined
        : "a property of globalThis";
    },
  };
}

type Check = () => string | undefined;

function functionsOf(name: string, object: object): Check {
  const target = object as Readonly<Record<string, unknown>>;
  const descriptors = getOwnPropertyDescriptors(target);
  // A getter, such as that of `fetch`, would load what it stands for.
  const names = keys(descriptors).filter((key) => typeof descriptors[key]?.value === "function");
  const values = names.map((key) => target[key]);
  return () => {
    for (let index = 0; index < names.length; index++)
      if (target[names[index] as string] !== values[index]) return `${name}.${names[index]}`;
    return undefined;
  };
}

function sizeOf(name: string, object: object): Check {
  const size = getOwnPropertyNames(object).length;
  return () => (getOwnPropertyNames(object).length === size ? undefined : `a property of ${name}`);
}
