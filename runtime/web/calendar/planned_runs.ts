/**
 * The runs that the schedules of many DAGs plan. Bounded for each DAG, because a schedule
 * by the minute has 44,640 runs a month.
 */
import { setImmediate } from "node:timers/promises";
import { nextRuns, type Scheduled } from "../../timetable/index.ts";

export interface PlannedDag extends Scheduled {
  readonly dagId: string;
  /** When its next run is due. */
  readonly nextRunAfter: Date;
}

export interface PlannedRun {
  readonly dagId: string;
  readonly at: Date;
}

export interface Plan {
  readonly runs: readonly PlannedRun[];
  /** From here on, runs of DAGs that run often are missing; null: the plan is whole. */
  readonly wholeUntil: Date | null;
}

export interface PlanWindow {
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
  /** Most runs of one DAG. */
  readonly most: number;
}

/**
 * Plans the runs of a window, as if all earlier runs had been created. Between two DAGs
 * other requests are answered.
 */
export async function plannedRuns(dags: readonly PlannedDag[], window: PlanWindow): Promise<Plan> {
  const known = new Map<string, readonly Date[]>();
  const runs: PlannedRun[] = [];
  let wholeUntil: Date | null = null;
  for (const dag of dags) {
    const times = timesOf(dag, window, known);
    for (const at of times) runs.push({ dagId: dag.dagId, at });
    wholeUntil = earlier(wholeUntil, times.length === window.most ? times.at(-1) : undefined);
    await setImmediate();
  }
  return { runs, wholeUntil };
}

const earlier = (one: Date | null, other: Date | undefined): Date | null =>
  other && (one === null || other < one) ? other : one;

/** DAGs of one schedule are planned once. */
function timesOf(
  { dagId: _, nextRunAfter, ...scheduled }: PlannedDag,
  { from, to, most }: PlanWindow,
  known: Map<string, readonly Date[]>,
): readonly Date[] {
  const first = nextRunAfter > from ? nextRunAfter : from;
  if (first >= to) return [];
  const key = JSON.stringify([scheduled, first]);
  const times = known.get(key) ?? safeTimes(scheduled, first, to, most);
  known.set(key, times);
  return times;
}

/** A schedule that fails has no plan: the page of its DAG shows why. */
function safeTimes(scheduled: Scheduled, from: Date, until: Date, count: number): readonly Date[] {
  try {
    return nextRuns(scheduled, { from, until, count }).map(({ runAfter }) => runAfter);
  } catch {
    return [];
  }
}
