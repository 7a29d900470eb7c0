/** Runs at listed instants. Instants before now run only with `catchup: "all"`. */
import { latestOf } from "./cron/cron_grid.ts";
import { momentary, runOver, type Timetable } from "./interval.ts";

interface Instants {
  /** ISO 8601 in UTC. */
  readonly instants: readonly string[];
  /**
   * Whether the data interval of a manual run is the latest listed instant that has
   * passed.
   */
  readonly restrictToInstants: boolean;
}

export function atInstants({ instants, restrictToInstants }: Instants): Timetable {
  const ordered = instants.map((text) => Date.parse(text)).sort((a, b) => a - b);
  return {
    next(last, { earliest, latest, catchup }, now) {
      const from =
        latestOf(earliest?.getTime() ?? null, catchup === "all" ? null : now) ??
        Number.NEGATIVE_INFINITY;
      const after = last?.end.getTime() ?? Number.NEGATIVE_INFINITY;
      const found = ordered.find((instant) => instant >= from && instant > after);
      return found === undefined || (latest && found > latest.getTime())
        ? null
        : runOver(found, found);
    },
    manual(runAfter) {
      const past = ordered.findLast((instant) => instant <= runAfter);
      return momentary(restrictToInstants ? (past ?? ordered[0] ?? runAfter) : runAfter);
    },
  };
}
