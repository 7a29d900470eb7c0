/**
 * The list that a task is mapped over, as plain data. The engine makes the list from it
 * without user code.
 */
import type { Json } from "../json.ts";

/** How a list is made; of a loop, how its iterations follow each other. */
export type EachSpec =
  /** The list that is the output of a task, or a field of that output. */
  | { readonly taskId: string; readonly field?: string }
  /** Items that are written in the DAG file. */
  | { readonly items: readonly Json[] }
  /** The entries of the record that is the output of this task. */
  | { readonly entriesOf: string }
  /** Every combination of the items; the last list varies fastest. */
  | { readonly cross: readonly { readonly name: string; readonly list: EachSpec }[] }
  /**
   * The first items together, then the second items, and so on. The result is as long as
   * the shortest list; with a `fillValue` for missing items, as long as the longest.
   */
  | { readonly zip: readonly EachSpec[]; readonly fillValue?: Json }
  /** One list after the other. */
  | { readonly concat: readonly EachSpec[] }
  /**
   * Not a list but a loop: each iteration is an instance that follows from the iteration
   * before it.
   */
  | {
      readonly loop: {
        /** A loop that is not done after this many iterations has failed. */
        readonly maxIterations: number;
        /** Of a group: the item of the first iteration. */
        readonly initial?: Json;
        /** Of a group: id of the task whose output is the item of the next iteration. */
        readonly result?: string;
      };
    };
