/** What a day holds, and what an hour of a day holds: runs by DAG and state, and plans. */
import type { RunState } from "../../state/run_state.ts";
import { type Day, dayOf } from "./month.ts";
import type { PlannedRun } from "./planned_runs.ts";

/** `planned`: no run exists yet. */
export type CalendarState = RunState | "planned";

export const CALENDAR_STATES: readonly CalendarState[] = [
  "failed",
  "running",
  "queued",
  "success",
  "planned",
];

/** How many runs of each state a day has; a state without runs is missing. */
export type DayCounts = Readonly<Partial<Record<CalendarState, number>>>;

/** Runs of a day in one state. */
export interface DayCount {
  readonly day: Day;
  readonly state: RunState;
  readonly runs: number;
}

/** By day. */
export function tally(
  counts: readonly DayCount[],
  planned: readonly PlannedRun[],
): ReadonlyMap<Day, DayCounts> {
  const days = new Map<Day, Partial<Record<CalendarState, number>>>();
  const add = (day: Day, state: CalendarState, runs: number): void => {
    const known = days.get(day) ?? {};
    days.set(day, { ...known, [state]: (known[state] ?? 0) + runs });
  };
  for (const { day, state, runs } of counts) add(day, state, runs);
  for (const { at } of planned) add(dayOf(at), "planned", 1);
  return days;
}

/** Runs of one DAG that were due in the same hour and have the same state. */
export interface AgendaEntry {
  readonly dagId: string;
  readonly state: CalendarState;
  /** When the first of them is due. */
  readonly at: Date;
  readonly runs: number;
  /** The number of the newest run; null for a plan. */
  readonly run: number | null;
}

/** The entries of a day in the order of time. */
export function agenda(
  entries: readonly AgendaEntry[],
  planned: readonly PlannedRun[],
): readonly AgendaEntry[] {
  const hours = Map.groupBy(
    planned,
    ({ dagId, at }) => `${dagId} ${at.toISOString().slice(0, 13)}`,
  );
  const plans = [...hours.values()].map(planOf);
  return [...entries, ...plans].toSorted((one, other) => one.at.getTime() - other.at.getTime());
}

function planOf(runs: readonly PlannedRun[]): AgendaEntry {
  const [first = { dagId: "", at: new Date(0) }] = runs;
  return { ...first, state: "planned", runs: runs.length, run: null };
}
