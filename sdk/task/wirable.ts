/**
 * The two ends of an edge: tasks and groups. Apart from both, so that a task need not
 * know what a group is, and neither knows the graph that holds the edges.
 */
import { hidden } from "../hidden.ts";
import { listOf } from "../list.ts";

/** The part of a DAG that its tasks and groups know. */
export interface DagHandle {
  readonly dagId: string;
  /** Makes `downstream` wait for `upstream`. */
  connect(upstream: Wirable, downstream: Wirable): void;
}

const dagHandle = hidden<Wirable, DagHandle>("dag");

/** The DAG in which a task or a group was declared. */
export const dagOf: (of: Wirable) => DagHandle = dagHandle.of;

/**
 * A task or a group: what can come after something else. An edge to or from a group is an
 * edge to its first tasks, or from its last tasks; a group that is mapped, looped,
 * retried or timed is waited for as a whole.
 * @example
 * const extract: Wirable = d.task("extract", readRows);
 * d.group("load", (g) => g.task("write", writeRows)).after(extract);
 */
export abstract class Wirable {
  /** Called by the builders only. */
  constructor(dag: DagHandle) {
    dagHandle.set(this, dag);
  }

  /**
   * Makes this wait for all of these.
   * @returns this
   * @throws DagsmithError SELF_DEPENDENCY, FOREIGN_TASK
   * @example report.after(load, [archive, clean]);
   */
  after(...upstream: readonly (Wirable | readonly Wirable[])[]): this {
    for (const one of upstream.flatMap(listOf)) dagOf(this).connect(one, this);
    return this;
  }

  /**
   * Makes all of these wait for this.
   * @returns this
   * @throws DagsmithError SELF_DEPENDENCY, FOREIGN_TASK
   * @example extract.before(load, archive);
   */
  before(...downstream: readonly (Wirable | readonly Wirable[])[]): this {
    for (const one of downstream.flatMap(listOf)) dagOf(this).connect(this, one);
    return this;
  }
}

/**
 * Wires tasks and groups one after the other. All members of a list wait for the step
 * before the list, and the step after the list waits for all members. An empty list is
 * left out: the steps around it are wired to each other.
 * @throws DagsmithError SELF_DEPENDENCY, FOREIGN_TASK
 * @example chain(extract, [load, archive], report);
 */
export function chain(...steps: readonly (Wirable | readonly Wirable[])[]): void {
  const lists = steps.map(listOf).filter((list) => list.length > 0);
  const first = lists.flat().find((one) => one instanceof Wirable);
  const dag = first && dagOf(first);
  for (const [index, downstream] of lists.entries())
    for (const upstream of lists[index - 1] ?? [])
      for (const one of downstream) dag?.connect(upstream, one);
}
