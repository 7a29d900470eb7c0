/** Runs at instants that are listed. Those before now run only when everything is caught up. */
import { latestOf } from "./cron_grid.ts";
import { momentary, runOver, type Timetable } from "./interval.ts";

interface Events {
  /** ISO 8601 in UTC. */
  readonly instants: readonly string[];
  /** Whether a manual run works on the latest event that has passed. */
  readonly restrictToEvents: boolean;
}

export function events({ instants, restrictToEvents }: Events): Timetable {
  const ordered = instants.map((text) => Date.parse(text)).sort((a, b) => a - b);
  return {
    next(last, { earliest, latest, catchup }, now) {
      const from =
        latestOf(earliest?.getTime() ?? null, catchup === "all" ? null : now) ??
        Number.NEGATIVE_INFINITY;
      const after = last?.end.getTime() ?? Number.NEGATIVE_INFINITY;
      const event = ordered.find((instant) => instant >= from && instant > after);
      return event === undefined || (latest && event > latest.getTime())
        ? null
        : runOver(event, event);
    },
    manual(runAfter) {
      const past = ordered.findLast((instant) => instant <= runAfter);
      return momentary(restrictToEvents ? (past ?? ordered[0] ?? runAfter) : runAfter);
    },
  };
}
