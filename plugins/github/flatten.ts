/**
 * One object of GitHub as one flat row: sub-objects are reduced to an id, other nested
 * values become `outer_inner`. Pure.
 */
import type { Json } from "dagsmith";

/** A row: column name to value. */
export type GithubRecord = Readonly<Record<string, string | number | boolean | null>>;

type Nested = Readonly<Record<string, Json>>;

/**
 * Reduces sub-objects, then flattens: nested keys are joined by `_`, list items are named
 * by their index.
 * @param keep sub-object to the one field kept of it, null for none; a sub-object that is
 *   null keeps its column, as null
 * @example
 * toRecord({ id: 7, user: { id: 3, login: "a" }, tags: ["x"] }, { user: "id" });
 * // { id: 7, user_id: 3, tags_0: "x" }
 */
export function toRecord(
  object: Nested,
  keep: Readonly<Record<string, string | null>>,
): GithubRecord {
  const cut = Object.entries(object).flatMap(([name, value]): [string, Json][] => {
    const kept = Object.hasOwn(keep, name) ? keep[name] : undefined;
    if (kept === undefined) return [[name, value]];
    return kept === null ? [] : [[`${name}_${kept}`, fieldOf(value, kept)]];
  });
  // fromEntries, not assignment: a key named __proto__ stays a key.
  return Object.fromEntries(cut.flatMap(([name, value]) => [...leaves(name, value)]));
}

function fieldOf(value: Json, field: string): Json {
  return (value as Nested | null)?.[field] ?? null;
}

function* leaves(
  name: string,
  value: Json | bigint,
): Generator<[string, string | number | boolean | null]> {
  // Octokit reads numbers beyond 2^53 as bigint, which JSON cannot write.
  if (typeof value === "bigint") yield [name, String(value)];
  else if (typeof value !== "object" || value === null) yield [name, value];
  else for (const [key, inner] of Object.entries(value)) yield* leaves(`${name}_${key}`, inner);
}
