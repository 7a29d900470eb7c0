/**
 * An input that is loaded in pieces. A plain input is copied to every try that takes it:
 * the outputs of 10,000 instances to 10,000 tries. A lazy input reads only what the body
 * asks for.
 */
import type { TaskRef } from "./task_ref.ts";

/**
 * The outputs of a task, as an input that arrives as a {@link LazyList}. Made by
 * {@link lazy}.
 * @example const later: LazyRef<number> = lazy(sizes);
 */
export class LazyRef<out Item> {
  /** Carries the type of an item; has no value. */
  declare readonly item: Item;
  /** The task whose output is the list. */
  readonly source: TaskRef<readonly Item[]>;

  /** Called by {@link lazy} only. */
  constructor(source: TaskRef<readonly Item[]>) {
    this.source = source;
  }
}

/**
 * A list that is read while the body iterates over it. Every iteration reads it again.
 * @example for await (const size of inputs.sizes) total += size;
 */
export interface LazyList<out Item> extends AsyncIterable<Item> {
  /** Reads the whole list into memory. */
  all(): Promise<Item[]>;
}

/**
 * Takes the list of a task as an input without loading it before the try begins.
 * @example
 * d.task("total", { inputs: { sizes: lazy(sizes) } }, async ({ inputs }) => {
 *   let total = 0;
 *   for await (const size of inputs.sizes) total += size;
 *   return total;
 * });
 */
export function lazy<Item>(source: TaskRef<readonly Item[]>): LazyRef<Item> {
  return new LazyRef(source);
}
