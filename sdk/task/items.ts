/**
 * The lists that tasks are mapped over, put together from outputs that are known only when the run has them. What is declared here is a plan:
 * the engine makes the list from it, without any code of the DAG; functions (`map`, `filter`) run in the try of the instance they concern.
 */
import { PickRef } from "./pick.ts";
import { TaskRef } from "./task.ts";

/** A list known at run time or now: the output of a task or a field of it, literal items, or a list put together from others. */
export type ItemSource<Item> =
  | TaskRef<readonly Item[]>
  | PickRef<readonly Item[]>
  | readonly Item[]
  | Items<Item>;

/** One element of an {@link ItemSource}. */
export type ItemOf<Source> =
  Source extends Items<infer Item>
    ? Item
    : Source extends TaskRef<readonly (infer Item)[]> | PickRef<readonly (infer Item)[]>
      ? Item
      : Source extends readonly (infer Item)[]
        ? Item
        : never;

type AnySource = ItemSource<unknown>;

/** How a list is put together. */
export type ListPlan =
  | {
      readonly type: "source";
      readonly of: TaskRef<unknown> | PickRef<unknown> | readonly unknown[];
    }
  | { readonly type: "entries"; readonly of: TaskRef<unknown> }
  | { readonly type: "cross"; readonly of: readonly (readonly [name: string, list: ListPlan])[] }
  | {
      readonly type: "zip";
      readonly of: readonly ListPlan[];
      readonly fill?: { readonly value: unknown };
    }
  | { readonly type: "concat"; readonly of: readonly ListPlan[] };

/** What is done to an item in the try of its instance. */
type Step =
  | { readonly type: "map"; readonly fn: (item: never) => unknown }
  | { readonly type: "filter"; readonly fn: (item: never) => boolean };

/**
 * A list to map a task over. Made by {@link over}, {@link entries}, {@link cross}, {@link zip} and {@link concat}.
 * @typeParam Item what the task gets as `item`
 */
export class Items<out Item> {
  /** Carries the type of an item; has no value. */
  declare readonly item: Item;
  /** Tells it from {@link MappedItems}, for the compiler; has no value. */
  declare readonly canBeCombined: true;
  readonly plan: ListPlan;

  /** Called by the functions of this file only. */
  constructor(plan: ListPlan) {
    this.plan = Object.freeze(plan);
  }

  /** See {@link MappedItems.map}. */
  map<To>(fn: (item: Item) => To): MappedItems<To> {
    return new MappedItems<Item>(this.plan, []).map(fn);
  }

  /** See {@link MappedItems.filter}. */
  filter<To extends Item>(fn: (item: Item) => item is To): MappedItems<To>;
  filter(fn: (item: Item) => boolean): MappedItems<Item>;
  filter(fn: (item: Item) => boolean): MappedItems<Item> {
    return new MappedItems<Item>(this.plan, []).filter(fn);
  }
}

/** A list whose items are changed one by one, each in the try of its own instance. It cannot be put together with others any more. */
export class MappedItems<out Item> {
  /** Carries the type of an item; has no value. */
  declare readonly item: Item;
  readonly plan: ListPlan;
  readonly steps: readonly Step[];

  /** Called by {@link Items} only. */
  constructor(plan: ListPlan, steps: readonly Step[]) {
    this.plan = plan;
    this.steps = Object.freeze(steps);
  }

  /**
   * Changes each item before its task gets it. What throws fails or skips (`SkipTask`) that one instance; null stays a value.
   * @example d.task("load", { each: over(rows).map((row) => row.url) }, ({ item }) => load(item));
   */
  map<To>(fn: (item: Item) => To): MappedItems<To> {
    return new MappedItems<To>(this.plan, [...this.steps, { type: "map", fn }]);
  }

  /**
   * Leaves out the items that are refused. Their instances stay visible, as removed, and do not count for the tasks after them; when every item is
   * refused, the task counts as skipped, as one with an empty list does.
   * @example d.task("load", { each: over(repos).filter((repo) => !repo.archived) }, ({ item }) => load(item));
   */
  filter<To extends Item>(fn: (item: Item) => item is To): MappedItems<To>;
  filter(fn: (item: Item) => boolean): MappedItems<Item>;
  filter(fn: (item: Item) => boolean): MappedItems<Item> {
    return new MappedItems<Item>(this.plan, [...this.steps, { type: "filter", fn }]);
  }
}

/**
 * The items of one list, to be changed with `map` and `filter`.
 * @example d.task("load", { each: over(rows).map((row) => row.url) }, ({ item }) => load(item));
 */
export function over<Item>(source: ItemSource<Item>): Items<Item> {
  return new Items<Item>(planOf(source));
}

/**
 * The entries of a record as `[key, value]` pairs, in the order in which JSON keeps them.
 * @example d.task("load", { each: entries(urlByName) }, ({ item: [name, url] }) => load(name, url));
 */
export function entries<Value>(
  source: TaskRef<Readonly<Record<string, Value>>> | Readonly<Record<string, Value>>,
): Items<readonly [string, Value]> {
  return new Items(
    source instanceof TaskRef
      ? { type: "entries", of: source }
      : { type: "source", of: Object.entries(source) },
  );
}

/**
 * Every combination of the items of several lists: the cross product. The last list goes round fastest.
 * @example cross({ org: orgs, object: ["issues", "members"] }) // { org: "a", object: "issues" }, { org: "a", object: "members" }, …
 */
export function cross<const Sources extends Readonly<Record<string, AnySource>>>(
  sources: Sources,
): Items<{ readonly [Name in keyof Sources]: ItemOf<Sources[Name]> }> {
  return new Items({
    type: "cross",
    of: Object.entries(sources).map(([name, source]) => [name, planOf(source)]),
  });
}

/**
 * The first items of several lists together, then the second ones, and so on: as many as the shortest has, or, with a `fillValue` for what is
 * missing, the longest.
 * @example zip([urls, names]) // [url1, name1], [url2, name2], …
 */
export function zip<const Sources extends readonly AnySource[]>(
  sources: Sources,
): Items<{ readonly [Index in keyof Sources]: ItemOf<Sources[Index]> }>;
export function zip<const Sources extends readonly AnySource[], const Fill>(
  sources: Sources,
  options: { readonly fillValue: Fill },
): Items<{ readonly [Index in keyof Sources]: ItemOf<Sources[Index]> | Fill }>;
export function zip(
  sources: readonly AnySource[],
  options?: { readonly fillValue: unknown },
): Items<never> {
  return new Items({
    type: "zip",
    of: sources.map(planOf),
    ...(options ? { fill: { value: options.fillValue } } : {}),
  });
}

/**
 * Several lists, one after the other.
 * @example concat(newFiles, ["always.csv"])
 */
export function concat<const Sources extends readonly AnySource[]>(
  ...sources: Sources
): Items<ItemOf<Sources[number]>> {
  return new Items({ type: "concat", of: sources.map(planOf) });
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Gives every item the same constants. Where both have a field, the item's counts; two records under the same field become one.
 * @example d.task("copy", { each: partial({ bucket: "lake", options: { gzip: true } }, files) }, ({ item }) => copy(item));
 */
export function partial<const Constants extends Fields, Item extends Fields>(
  constants: Constants,
  source: ItemSource<Item>,
): MappedItems<Omit<Constants, keyof Item> & Item> {
  return over(source).map((item) => {
    const both = Object.keys(constants).filter(
      (name) => isRecord(constants[name]) && isRecord(item[name]),
    );
    const merged = both.map((name) => [
      name,
      { ...(constants[name] as Fields), ...(item[name] as Fields) },
    ]);
    return { ...constants, ...item, ...Object.fromEntries(merged) } as Omit<Constants, keyof Item> &
      Item;
  });
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function planOf(source: AnySource): ListPlan {
  return source instanceof Items ? source.plan : { type: "source", of: source };
}

/** The tasks that a list is made from. */
export function sourcesOf(plan: ListPlan): readonly TaskRef<unknown>[] {
  if (plan.type === "cross") return plan.of.flatMap(([, list]) => sourcesOf(list));
  if (plan.type === "zip" || plan.type === "concat") return plan.of.flatMap(sourcesOf);
  if (plan.of instanceof PickRef) return [plan.of.source];
  return plan.of instanceof TaskRef ? [plan.of] : [];
}

/** Ends an instance whose item is none of the list's. */
class LeftOut extends Error {
  override readonly name = "LeftOut";
}

/** What `each` may be. */
export type Each<Item> = ItemSource<Item> | MappedItems<Item>;

/** How the list of `each` is put together. */
export function planOfEach(each: Each<unknown>): ListPlan {
  return each instanceof MappedItems ? each.plan : planOf(each);
}

/**
 * An item as its task gets it.
 * @throws LeftOut when a filter refuses it; and what the functions of the DAG throw
 */
export function itemFor(each: Each<unknown> | undefined, item: unknown): unknown {
  if (!(each instanceof MappedItems)) return item;
  return each.steps.reduce<unknown>((value, { type, fn }) => {
    const given = fn(value as never);
    if (type === "map") return given;
    if (given === true) return value;
    throw new LeftOut("the filter refused the item");
  }, item);
}
