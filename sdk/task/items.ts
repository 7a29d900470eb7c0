/**
 * The lists that tasks are mapped over, made from outputs that are known only in a run. A
 * DAG file declares a plan, and the engine makes the list from the plan without code of
 * the DAG. The functions of `map` and `filter` run in the try of the instance whose item
 * they change.
 */
import { PickRef } from "./pick.ts";
import { TaskRef } from "./task_ref.ts";

/**
 * A list: the output of a task, a field of an output, literal items, or a list made from
 * other lists.
 * @example const repos: ItemSource<string> = ["a", "b"];
 */
export type ItemSource<Item> =
  | TaskRef<readonly Item[]>
  | PickRef<readonly Item[]>
  | readonly Item[]
  | Items<Item>;

/**
 * The type of one element of an {@link ItemSource}.
 * @example type Repo = ItemOf<TaskRef<string[]>>; // string
 */
export type ItemOf<Source> =
  Source extends Items<infer Item>
    ? Item
    : Source extends TaskRef<readonly (infer Item)[]> | PickRef<readonly (infer Item)[]>
      ? Item
      : Source extends readonly (infer Item)[]
        ? Item
        : never;

type AnySource = ItemSource<unknown>;

/** How a list is made. */
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

/** A change of an item, in the try of its instance. */
type Step =
  | { readonly type: "map"; readonly fn: (item: never) => unknown }
  | { readonly type: "filter"; readonly fn: (item: never) => boolean };

/**
 * A list to map a task over. Made by {@link over}, {@link entries}, {@link cross},
 * {@link zip} and {@link concat}.
 * @typeParam Item what the task gets as `item`
 * @example const pairs: Items<readonly [string, number]> = entries({ a: 1, b: 2 });
 */
export class Items<out Item> {
  /** Carries the type of an item; has no value. */
  declare readonly item: Item;
  /** Tells it from {@link MappedItems}, for the compiler; has no value. */
  declare readonly canBeCombined: true;
  /** How the engine makes the list. */
  readonly plan: ListPlan;

  /** Called by the functions of this file only. */
  constructor(plan: ListPlan) {
    this.plan = Object.freeze(plan);
  }

  /** Changes each item before its task gets it; see {@link MappedItems.map}. */
  map<To>(fn: (item: Item) => To): MappedItems<To> {
    return new MappedItems<Item>(this.plan, []).map(fn);
  }

  /** Filters out items; see {@link MappedItems.filter}. */
  filter<To extends Item>(fn: (item: Item) => item is To): MappedItems<To>;
  filter(fn: (item: Item) => boolean): MappedItems<Item>;
  filter(fn: (item: Item) => boolean): MappedItems<Item> {
    return new MappedItems<Item>(this.plan, []).filter(fn);
  }
}

/**
 * A list whose items are changed one by one, each in the try of its instance. It cannot
 * be combined with other lists any more.
 * @example const urls: MappedItems<string> = over(rows).map((row) => row.url);
 */
export class MappedItems<out Item> {
  /** Carries the type of an item; has no value. */
  declare readonly item: Item;
  /** How the engine makes the list. */
  readonly plan: ListPlan;
  /** The changes, in their order. */
  readonly steps: readonly Step[];

  /** Called by {@link Items} only. */
  constructor(plan: ListPlan, steps: readonly Step[]) {
    this.plan = plan;
    this.steps = Object.freeze(steps);
  }

  /**
   * Changes each item before its task gets it. An error of the function fails that one
   * instance, or skips it (`SkipTask`). Null stays a value.
   * @example
   * d.task("load", { each: over(rows).map((row) => row.url) }, ({ item }) => load(item));
   */
  map<To>(fn: (item: Item) => To): MappedItems<To> {
    return new MappedItems<To>(this.plan, [...this.steps, { type: "map", fn }]);
  }

  /**
   * Filters out the items for which the function is not true. Their instances stay
   * visible as removed, and do not count for the tasks after them. When every item is
   * filtered out, the task is skipped, as with an empty list.
   * @example
   * d.task("load", { each: over(repos).filter((repo) => !repo.archived) }, ({ item }) =>
   *   load(item),
   * );
   */
  filter<To extends Item>(fn: (item: Item) => item is To): MappedItems<To>;
  filter(fn: (item: Item) => boolean): MappedItems<Item>;
  filter(fn: (item: Item) => boolean): MappedItems<Item> {
    return new MappedItems<Item>(this.plan, [...this.steps, { type: "filter", fn }]);
  }
}

/**
 * The items of one list, to be changed with `map` and `filter`.
 * @example
 * d.task("load", { each: over(rows).map((row) => row.url) }, ({ item }) => load(item));
 */
export function over<Item>(source: ItemSource<Item>): Items<Item> {
  return new Items<Item>(planOf(source));
}

/**
 * The entries of a record as `[key, value]` pairs, in the order in which JSON keeps them.
 * @example
 * d.task("load", { each: entries(urlByName) }, ({ item: [name, url] }) =>
 *   load(name, url),
 * );
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
 * Every combination of the items of several lists: the cross product. The last list
 * varies fastest.
 * @example
 * // { org: "a", object: "issues" }, { org: "a", object: "members" }, …
 * cross({ org: orgs, object: ["issues", "members"] });
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
 * The first items of several lists together, then the second items, and so on. The result
 * is as long as the shortest list; with a `fillValue` for missing items, as long as the
 * longest.
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
 * Gives every item the same constants. Where both have a field, the item's field counts;
 * two records under the same field are merged. Airflow: partial().expand().
 * @example
 * d.task(
 *   "copy",
 *   { each: partial({ bucket: "lake", options: { gzip: true } }, files) },
 *   ({ item }) => copy(item),
 * );
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

/** The tasks whose outputs a list is made from. */
export function sourcesOf(plan: ListPlan): readonly TaskRef<unknown>[] {
  if (plan.type === "cross") return plan.of.flatMap(([, list]) => sourcesOf(list));
  if (plan.type === "zip" || plan.type === "concat") return plan.of.flatMap(sourcesOf);
  if (plan.of instanceof PickRef) return [plan.of.source];
  return plan.of instanceof TaskRef ? [plan.of] : [];
}

/** Ends an instance whose item was filtered out. */
class FilteredOut extends Error {
  override readonly name = "FilteredOut";
}

/**
 * The value of the option `each`: a list, or a list whose items are changed.
 * @example const each: Each<string> = over(repos).map((repo) => repo.name);
 */
export type Each<Item> = ItemSource<Item> | MappedItems<Item>;

/** How the list of `each` is made. */
export function planOfEach(each: Each<unknown>): ListPlan {
  return each instanceof MappedItems ? each.plan : planOf(each);
}

/**
 * An item as its task gets it.
 * @throws FilteredOut when a filter is not true; and errors of the functions of the DAG
 */
export function itemFor(each: Each<unknown> | undefined, item: unknown): unknown {
  if (!(each instanceof MappedItems)) return item;
  return each.steps.reduce<unknown>((value, { type, fn }) => {
    const given = fn(value as never);
    if (type === "map") return given;
    if (given === true) return value;
    throw new FilteredOut("the filter refused the item");
  }, item);
}
