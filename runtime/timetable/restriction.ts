/** Which runs a DAG's dates allow. */
import type { DagSpec, TaskSpec } from "../../sdk/spec/index.ts";
import type { Restriction } from "./interval.ts";

/** The dates of a DAG and of its tasks. */
export interface Bounds extends Pick<DagSpec, "startDate" | "endDate" | "catchup"> {
  readonly tasks: readonly Pick<TaskSpec, "startDate" | "endDate">[];
}

/**
 * The bounds of a DAG's runs. From the first start date among the DAG and its tasks. To
 * the DAG's end date; when every task has an end date, to the last end date among them
 * all, because no task is left to run after it.
 */
export function restrictionOf({ startDate, endDate, catchup, tasks }: Bounds): Restriction {
  const ends = tasks.map((task) => task.endDate ?? null);
  const allEnd = ends.length > 0 && ends.every((end) => end !== null);
  return {
    earliest: extreme(Math.min, [startDate, ...tasks.map((task) => task.startDate ?? null)]),
    latest: extreme(Math.max, allEnd ? [endDate, ...ends] : [endDate]),
    catchup,
  };
}

function extreme(
  choose: (...instants: number[]) => number,
  dates: readonly (string | null)[],
): Date | null {
  const instants = dates.filter((date) => date !== null).map((date) => Date.parse(date));
  return instants.length === 0 ? null : new Date(choose(...instants));
}
