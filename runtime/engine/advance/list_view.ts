/**
 * Lists made of other lists, as a length and a function that reads one item. Nothing is
 * copied: the length of a cross product is known before any item of it exists.
 */
import type { Json } from "../../../sdk/json.ts";
import type { EachSpec } from "../../../sdk/spec/index.ts";

export interface ListView {
  readonly length: number;
  /** @param index from 0 to below {@link length} */
  at(index: number): Json;
}

/**
 * A task whose output, or a field of it, a list is made from; `kind` is what the output
 * must be.
 */
export interface ListSource {
  readonly taskId: string;
  readonly kind: "list" | "record";
  readonly field?: string;
}

/** The list of a spec. @param listOf the list of a source: of a record its entries */
export function viewOf(each: EachSpec, listOf: (source: ListSource) => readonly Json[]): ListView {
  if ("taskId" in each) return over(listOf({ ...each, kind: "list" }));
  if ("entriesOf" in each) return over(listOf({ taskId: each.entriesOf, kind: "record" }));
  if ("items" in each) return over(each.items);
  // The first iteration; each further one follows from the one before.
  if ("loop" in each) return over([each.loop.initial === undefined ? 0 : each.loop.initial]);
  if ("cross" in each)
    return cross(each.cross.map(({ name, list }) => ({ name, list: viewOf(list, listOf) })));
  if ("zip" in each) {
    const lists = each.zip.map((list) => viewOf(list, listOf));
    return "fillValue" in each ? zipLongest(lists, each.fillValue ?? null) : zip(lists);
  }
  return concat(each.concat.map((list) => viewOf(list, listOf)));
}

/** The tasks that a list is made from. */
export function sourcesOf(each: EachSpec): readonly ListSource[] {
  if ("taskId" in each) return [{ ...each, kind: "list" }];
  if ("entriesOf" in each) return [{ taskId: each.entriesOf, kind: "record" }];
  if ("items" in each || "loop" in each) return [];
  if ("cross" in each) return each.cross.flatMap(({ list }) => sourcesOf(list));
  return ("zip" in each ? each.zip : each.concat).flatMap(sourcesOf);
}

function over(items: readonly Json[]): ListView {
  return { length: items.length, at: (index) => items[index] ?? null };
}

function cross(lists: readonly { readonly name: string; readonly list: ListView }[]): ListView {
  return {
    length: lists.reduce((length, { list }) => length * list.length, 1),
    at: (index) => {
      let rest = index;
      const fields = lists.toReversed().map(({ name, list }): [string, Json] => {
        const field: [string, Json] = [name, list.at(rest % list.length)];
        rest = Math.floor(rest / list.length);
        return field;
      });
      return Object.fromEntries(fields.toReversed());
    },
  };
}

function zip(lists: readonly ListView[]): ListView {
  return {
    length: Math.min(...lists.map(({ length }) => length)),
    at: (index) => lists.map((list) => list.at(index)),
  };
}

function zipLongest(lists: readonly ListView[], fillValue: Json): ListView {
  return {
    length: Math.max(...lists.map(({ length }) => length)),
    at: (index) => lists.map((list) => (index < list.length ? list.at(index) : fillValue)),
  };
}

function concat(lists: readonly ListView[]): ListView {
  return {
    length: lists.reduce((length, list) => length + list.length, 0),
    at: (index) => {
      let rest = index;
      for (const list of lists) {
        if (rest < list.length) return list.at(rest);
        rest -= list.length;
      }
      return null;
    },
  };
}
