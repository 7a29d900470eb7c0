/**
 * The values that can travel between tasks. An output crosses a process border and a
 * database as JSON (RFC 8259). A value that JSON would change or drop is refused: at
 * compile time by {@link NotJson}, at run time by {@link toJson}.
 */
import { DagsmithError } from "./errors.ts";

/**
 * Any value that JSON carries without loss.
 * @example const extra: Json = { rows: 12, files: ["a.csv"], note: null };
 */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/** How deep {@link NotJson} looks. Deeper values are checked at run time only. */
type Depth = [1, 1, 1, 1, 1, 1];

type Unserializable =
  | bigint
  | symbol
  | ((...args: never[]) => unknown)
  | Date
  | RegExp
  | Map<never, never>
  | Set<never>
  | Promise<unknown>;

/**
 * The parts of `T` that JSON cannot carry; `never` when JSON can carry all of `T`, and
 * for `any` and `unknown`.
 * @example type Wrong = NotJson<{ at: Date; rows: number }>; // Date
 */
export type NotJson<T, D extends readonly unknown[] = Depth> = 0 extends 1 & T
  ? never
  : NotJsonPart<T, D>;

type NotJsonPart<T, D extends readonly unknown[]> = D extends readonly [unknown, ...infer Rest]
  ? // biome-ignore lint/suspicious/noConfusingVoidType: a body that returns nothing has the output void
    T extends string | number | boolean | null | undefined | void
    ? never
    : T extends Unserializable | Map<infer _K, infer _V> | Set<infer _U>
      ? T
      : T extends readonly (infer Item)[]
        ? NotJson<Item, Rest>
        : T extends object
          ? { [K in keyof T]-?: NotJson<T[K], Rest> }[keyof T]
          : never
  : never;

/**
 * Added to the type of a body: when JSON cannot carry its `Output`, the body does not
 * compile, and the error names the part that JSON cannot carry.
 * @example
 * function work<Output>(body: (() => Output) & JsonOutput<Output>): void {}
 * work(() => new Date()); // error: "returns a value that JSON cannot carry": Date
 */
export type JsonOutput<Output> = 0 extends 1 & NotJson<Output>
  ? // A body with a wrong name gets the error of that name only, not one about JSON too.
    unknown
  : [NotJson<Output>] extends [never]
    ? unknown
    : { "returns a value that JSON cannot carry": NotJson<Output> };

/** Largest output of one task, in bytes of UTF-8 JSON. */
export const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
const MAX_DEPTH = 200;

/**
 * Writes a task output as JSON text. `undefined` becomes `null`; a property that is
 * `undefined` is left out, as JSON.stringify does.
 * @throws DagsmithError OUTPUT_NOT_JSON naming the path of the first value JSON cannot
 *   carry (BigInt, function, symbol, Map, Set, Date, class instance, NaN, Infinity, a
 *   hole or undefined in a list, a cycle, deeper than 200 levels), OUTPUT_TOO_LARGE above
 *   {@link MAX_OUTPUT_BYTES}.
 */
export function toJson(value: unknown, maxBytes: number = MAX_OUTPUT_BYTES): string {
  const walk = {
    path: [],
    ancestors: new Set<object>(),
    leastBytes: 0,
    hasMinusZero: false,
    maxBytes,
  };
  refuseUnserializable(value, walk);
  const text = JSON.stringify(value ?? null, walk.hasMinusZero ? keepMinusZero : undefined);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) throw new DagsmithError("OUTPUT_TOO_LARGE", { bytes, limit: maxBytes });
  return text;
}

/** JSON.stringify writes -0 as 0, although JSON has a -0. */
function keepMinusZero(_key: string, value: unknown): unknown {
  return Object.is(value, -0) ? rawJson("-0") : value;
}

/** Node has it since version 21; TypeScript does not know it yet. */
const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** Where a walk through a value is. */
interface Walk {
  readonly path: (string | number)[];
  readonly ancestors: Set<object>;
  /**
   * Bytes that the part walked so far needs at least. Ends the walk through a value that
   * names one large part a million times.
   */
  leastBytes: number;
  /** Whether the part walked so far has a -0. */
  hasMinusZero: boolean;
  readonly maxBytes: number;
}

function refuseUnserializable(value: unknown, walk: Walk): void {
  const found = unserializableKind(value, walk.ancestors);
  if (found) throw new DagsmithError("OUTPUT_NOT_JSON", { path: pathText(walk.path), found });
  walk.leastBytes += typeof value === "string" ? value.length + 2 : 1;
  walk.hasMinusZero ||= Object.is(value, -0);
  if (walk.leastBytes > walk.maxBytes)
    throw new DagsmithError("OUTPUT_TOO_LARGE", { bytes: "too many", limit: walk.maxBytes });
  if (typeof value !== "object" || value === null) return;
  walk.ancestors.add(value);
  if (Array.isArray(value))
    for (let index = 0; index < value.length; index++) refuseItem(value, index, walk);
  else
    for (const [key, part] of Object.entries(value))
      if (part !== undefined) refusePart(part, key, walk);
  walk.ancestors.delete(value);
}

/** In a list, undefined would come back as null. */
function refuseItem(list: readonly unknown[], index: number, walk: Walk): void {
  const found = index in list ? "undefined" : "a hole";
  if (list[index] === undefined)
    throw new DagsmithError("OUTPUT_NOT_JSON", { path: pathText([...walk.path, index]), found });
  refusePart(list[index], index, walk);
}

function refusePart(part: unknown, key: string | number, walk: Walk): void {
  walk.path.push(key);
  if (typeof key === "string") walk.leastBytes += key.length;
  refuseUnserializable(part, walk);
  walk.path.pop();
}

function pathText(path: readonly (string | number)[]): string {
  return ["output", ...path.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`))].join(
    "",
  );
}

/** What `value` is when JSON cannot carry it, in words; undefined when it can. */
function unserializableKind(value: unknown, ancestors: ReadonlySet<object>): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : String(value);
  if (typeof value === "bigint" || typeof value === "function" || typeof value === "symbol")
    return `a ${typeof value}`;
  if (typeof value !== "object" || value === null) return undefined;
  if (ancestors.has(value)) return "a cycle (the value contains itself)";
  if (ancestors.size >= MAX_DEPTH) return `nesting deeper than ${MAX_DEPTH} levels`;
  if (Array.isArray(value)) return undefined;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return undefined;
  return `an instance of ${prototype.constructor?.name || "a class"}`;
}
