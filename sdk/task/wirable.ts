/**
 * The two ends of an edge: tasks and groups. Apart from both, so that a task need not
 * know what a group is, and neither knows the graph that holds the edges.
 */
import { DagsmithError } from "../errors.ts";
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

/** One step of a chain: a task, a group, or a list of them. */
type Step = Wirable | readonly Wirable[];

/**
 * Wires tasks and groups one after the other. All members of a list wait for the task
 * before the list, and the task after the list waits for all members. Two lists side by
 * side are wired in pairs: the first to the first, the second to the second. An empty
 * list is left out: the steps around it are wired to each other. Airflow: `chain`.
 * @throws DagsmithError SELF_DEPENDENCY, FOREIGN_TASK; CHAIN_LENGTHS for lists side by
 *   side that have not the same length ({@link crossDownstream} wires them all to all)
 * @example
 * chain(start, [readA, readB], [loadA, loadB], report);
 * // readA before loadA, readB before loadB
 */
export function chain(...steps: readonly Step[]): void {
  const wanted = steps.filter((step) => listOf(step).length > 0);
  for (const [index, from] of wanted.slice(0, -1).entries()) link(from, wanted[index + 1] as Step);
}

function link(from: Step, to: Step): void {
  const [upstream, downstream] = [listOf(from), listOf(to)];
  if (!Array.isArray(from) || !Array.isArray(to)) connectAll(upstream, downstream);
  else if (upstream.length !== downstream.length)
    throw new DagsmithError("CHAIN_LENGTHS", { from: upstream.length, to: downstream.length });
  else for (const [index, one] of upstream.entries()) connectAll([one], [downstream[index]]);
}

/**
 * Makes every task and group of the second list wait for every one of the first. Airflow:
 * `cross_downstream`.
 * @throws DagsmithError SELF_DEPENDENCY, FOREIGN_TASK
 * @example crossDownstream([readA, readB], [loadA, loadB]); // both loads wait for both reads
 */
export function crossDownstream(from: Step, to: Step): void {
  connectAll(listOf(from), listOf(to));
}

/** The DAG of a real end refuses the other end when that is none. */
function connectAll(
  upstream: readonly (Wirable | undefined)[],
  downstream: readonly (Wirable | undefined)[],
): void {
  const known = [...upstream, ...downstream].find((one) => one instanceof Wirable);
  if (known === undefined) return;
  for (const from of upstream)
    for (const to of downstream) dagOf(known).connect(from as Wirable, to as Wirable);
}
