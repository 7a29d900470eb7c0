/**
 * An input that is loaded piece by piece. The outputs of a task mapped 10,000 ways, taken as a plain input by another such task, would be
 * copied 10,000 times; taken lazily, each try reads what it asks for and no more.
 */
import type { TaskRef } from "./task.ts";

/** Stands for the outputs of a task that arrive as a {@link LazyList}. Made by {@link lazy}. */
export class LazyRef<out Item> {
  /** Carries the type of an item; has no value. */
  declare readonly item: Item;
  readonly source: TaskRef<readonly Item[]>;

  /** Called by {@link lazy} only. */
  constructor(source: TaskRef<readonly Item[]>) {
    this.source = source;
  }
}

/** A list that is read while it is walked through; every walk reads it anew. */
export interface LazyList<out Item> extends AsyncIterable<Item> {
  /** The whole list at once. */
  all(): Promise<Item[]>;
}

/**
 * Takes a task's list as an input without loading it before the task begins.
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
