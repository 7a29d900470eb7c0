/**
 * The DAG in the labels of metrics. Each label value is a time series in the monitoring
 * system, so their number is limited: a deployment that makes DAG ids without end must
 * not fill it.
 */

/** DAGs that have a label of their own. */
const MOST_DAGS = 500;

/** The label of all further DAGs. No DAG id has this form. */
export const OTHER_DAGS = "(other)";

export class DagLabels {
  readonly #known = new Set<string>();
  readonly #most: number;

  constructor(most: number = MOST_DAGS) {
    this.#most = most;
  }

  /** The label of a DAG; it never changes. */
  of(dagId: string): string {
    if (this.#known.size < this.#most) this.#known.add(dagId);
    return this.#known.has(dagId) ? dagId : OTHER_DAGS;
  }
}
