/** Days on which clocks change in a DAG's timezone: there a schedule surprises people. */
import { stretchAt } from "../../timetable/clock/zone.ts";
import type { ClockChange, Course } from "./simulation.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** The changes within a time span that touch an interval of the DAG. */
export function clockChanges(
  { dag, decisions }: Course,
  span: { readonly from: Date; readonly to: Date },
): readonly ClockChange[] {
  const { dagId, timezone } = dag.spec;
  const runs = decisions.filter(({ decision }) => decision === "run");
  return changesIn(timezone, span.from.getTime(), span.to.getTime()).flatMap(
    ({ at, before, after }) => {
      // The local day that the clock shows after the change.
      const midnight = Math.floor((at + after) / DAY_MS) * DAY_MS;
      const [start, end] = [Math.min(at, midnight - before), midnight + DAY_MS - after];
      const touches = (date: Date): boolean => date.getTime() >= start && date.getTime() < end;
      const touched = runs.filter(
        (interval) =>
          touches(interval.dataIntervalStart) ||
          touches(interval.dataIntervalEnd) ||
          touches(interval.runAfter),
      ).length;
      if (touched === 0) return [];
      const date = new Date(midnight).toISOString().slice(0, 10);
      return [
        {
          dagId,
          date,
          timezone,
          at: new Date(at),
          minutes: (after - before) / MINUTE_MS,
          intervals: touched,
        },
      ];
    },
  );
}

function changesIn(
  zone: string,
  from: number,
  to: number,
): readonly { readonly at: number; readonly before: number; readonly after: number }[] {
  const changes: { at: number; before: number; after: number }[] = [];
  for (
    let stretch = stretchAt(zone, from);
    stretch.until <= to;
    stretch = stretchAt(zone, stretch.until)
  ) {
    if (stretch.offset !== stretch.offsetAfter)
      changes.push({ at: stretch.until, before: stretch.offset, after: stretch.offsetAfter });
  }
  return changes;
}
