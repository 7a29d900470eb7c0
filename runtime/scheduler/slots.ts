/** The slots of a DAG as people see them: what waits and for what, then what was decided, in one list. */
import type { RunState } from "../state/run_state.ts";
import { dagStanding } from "../store/dags/dag.ts";
import { scheduleMemories } from "../store/dags/dag_schedule.ts";
import { getVersions } from "../store/dags/dag_version.ts";
import { listSlots, type SkipReason, type SlotQuery } from "../store/dags/slot.ts";
import type { Queryable } from "../store/database/database.ts";
import { type WaitingSlot, type WaitReason, waitingSlots } from "./jobs/end_waits.ts";

/** One slot, or several in a row that were skipped for the same reason. Null: there is none, or nobody knows. */
export interface Slot {
  readonly schedule: string;
  readonly decision: "run" | "skipped" | "waiting";
  readonly reason: SkipReason | WaitReason | null;
  /** More about the reason. */
  readonly detail: string | null;
  /** How many slots; null: too many to count. */
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

/** What waits, the next slot of each schedule, on the first page; then decisions, newest first. Undefined for a DAG that was never deployed. */
export async function readSlots(
  db: Queryable,
  query: SlotQuery,
): Promise<readonly Slot[] | undefined> {
  const dag = await dagStanding(db, query.dagId);
  const [version] = dag ? await getVersions(db, [dag.versionId]) : [];
  if (!dag || !version) return undefined;
  const memories = (await scheduleMemories(db, [query.dagId])).get(query.dagId) ?? [];
  const waiting = waitingSlots({ ...dag, spec: version.spec, memories }).map(shown);
  const decided = await listSlots(db, query);
  return [
    ...(query.after === null ? waiting.filter((slot) => isWithin(slot, query)) : []),
    ...decided.map(({ lastRunAfter: _, ...slot }) => ({ ...slot, detail: null })),
  ];
}

function shown({ schedule, reason, slot, detail, before }: WaitingSlot): Slot {
  return {
    ...{ schedule, decision: "waiting", reason, detail, count: slot && before === null ? 1 : null },
    ...{
      logicalDate: slot?.logicalDate ?? null,
      lastLogicalDate: before === null ? (slot?.logicalDate ?? null) : null,
    },
    ...{
      dataIntervalStart: slot?.dataInterval.start ?? null,
      dataIntervalEnd: before ?? slot?.dataInterval.end ?? null,
    },
    ...{
      runAfter: slot?.runAfter ?? null,
      runId: null,
      run: null,
      runState: null,
      decidedAt: null,
    },
  };
}

/** A schedule that is over, or fails, concerns every range. */
function isWithin({ logicalDate }: Slot, { from, to }: SlotQuery): boolean {
  return (
    logicalDate === null ||
    ((from === null || logicalDate >= from) && (to === null || logicalDate <= to))
  );
}
