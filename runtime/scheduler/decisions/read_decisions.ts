/**
 * The intervals of a DAG as people see them, in one list: first the intervals that wait
 * and what they wait for, then the decisions.
 */
import type { RunState } from "../../state/run_state.ts";
import { dagStanding } from "../../store/dags/dag.ts";
import { scheduleMemories } from "../../store/dags/dag_schedule.ts";
import { getVersions } from "../../store/dags/dag_version.ts";
import type { SkipReason } from "../../store/dags/schedule_decision.ts";
import type { Queryable } from "../../store/database/database.ts";
import { type DecisionQuery, listDecisions } from "../../store/reads/decisions.ts";
import { type WaitingInterval, type WaitReason, waitingIntervals } from "./waiting_intervals.ts";

/**
 * One interval, or several in a row that were skipped for the same reason. Null: there is
 * none, or it is unknown.
 */
export interface ListedDecision {
  readonly schedule: string;
  readonly decision: "run" | "skipped" | "waiting";
  readonly reason: SkipReason | WaitReason | null;
  /** More about the reason. */
  readonly detail: string | null;
  /** How many intervals; null: too many to count. */
  readonly count: number | null;
  readonly logicalDate: Date | null;
  readonly lastLogicalDate: Date | null;
  readonly dataIntervalStart: Date | null;
  readonly dataIntervalEnd: Date | null;
  /** When the first of them was due. */
  readonly runAfter: Date | null;
  readonly runId: string | null;
  /** The run's number. */
  readonly run: number | null;
  readonly runState: RunState | null;
  readonly decidedAt: Date | null;
}

/**
 * On the first page the next interval of each schedule, which waits; then decisions,
 * newest first. Undefined for a DAG that was never deployed.
 */
export async function readDecisions(
  db: Queryable,
  query: DecisionQuery,
): Promise<readonly ListedDecision[] | undefined> {
  const dag = await dagStanding(db, query.dagId);
  const [version] = dag ? await getVersions(db, [dag.versionId]) : [];
  if (!dag || !version) return undefined;
  const memories = (await scheduleMemories(db, [query.dagId])).get(query.dagId) ?? [];
  const waiting = waitingIntervals({ ...dag, spec: version.spec, memories }).map(shown);
  const decided = await listDecisions(db, query);
  return [
    ...(query.after === null ? waiting.filter((one) => isWithin(one, query)) : []),
    ...decided.map(({ lastRunAfter: _, ...decision }) => ({ ...decision, detail: null })),
  ];
}

function shown({ schedule, reason, interval, detail, before }: WaitingInterval): ListedDecision {
  return {
    ...{
      schedule,
      decision: "waiting",
      reason,
      detail,
      count: interval && before === null ? 1 : null,
    },
    ...{
      logicalDate: interval?.logicalDate ?? null,
      lastLogicalDate: before === null ? (interval?.logicalDate ?? null) : null,
    },
    ...{
      dataIntervalStart: interval?.dataInterval.start ?? null,
      dataIntervalEnd: before ?? interval?.dataInterval.end ?? null,
    },
    ...{
      runAfter: interval?.runAfter ?? null,
      runId: null,
      run: null,
      runState: null,
      decidedAt: null,
    },
  };
}

/** A schedule that has ended, or that fails, is shown for every range. */
function isWithin({ logicalDate }: ListedDecision, { from, to }: DecisionQuery): boolean {
  return (
    logicalDate === null ||
    ((from === null || logicalDate >= from) && (to === null || logicalDate <= to))
  );
}
