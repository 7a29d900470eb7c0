/**
 * Counts the properties that code defines on the objects which all code shares. A
 * property that is defined need not be listed, so that only a count of all names would
 * find it: with 170 names of globals that takes longer than a short try.
 */

const { getOwnPropertyDescriptors } = Object;
const { defineProperty } = Reflect;

/** Objects on which an added property changes how other code behaves. */
export const SHARED: Readonly<Record<string, object>> = {
  // The others inherit from it, so it is asked first.
  "Object.prototype": Object.prototype,
  "Array.prototype": Array.prototype,
  "String.prototype": String.prototype,
  "Promise.prototype": Promise.prototype,
  globalThis,
};

const nameOf = new Map(Object.entries(SHARED).map(([name, object]) => [object, name]));

export interface Definitions {
  /** How many there were so far. */
  count(): number;
  /** The object of the last one. */
  last(): string;
  stop(): void;
}

type Define = (target: object, ...rest: never[]) => unknown;

/** Begins to count. What it puts in place behaves as before. */
export function watchDefinitions(): Definitions {
  let count = 0;
  let last = "";
  const note = (target: object): void => {
    const name = nameOf.get(target);
    if (name === undefined) return;
    count += 1;
    last = name;
  };
  const undo = [
    wrap(Object, "defineProperty", note),
    wrap(Object, "defineProperties", note),
    wrap(Reflect, "defineProperty", note),
  ];
  return {
    count: () => count,
    last: () => last,
    stop: () => {
      for (const one of undo) one();
    },
  };
}

function wrap(owner: object, name: string, note: (target: object) => void): () => void {
  const { [name]: before } = getOwnPropertyDescriptors(owner) as PropertyDescriptorMap;
  const define = before?.value as Define;
  const watching: Define = (target, ...rest) => {
    note(target);
    return define(target, ...rest);
  };
  for (const property of ["name", "length"])
    defineProperty(watching, property, Reflect.getOwnPropertyDescriptor(define, property) ?? {});
  defineProperty(owner, name, { ...before, value: watching });
  return () => void defineProperty(owner, name, before ?? {});
}
