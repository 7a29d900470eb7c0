/** The days of a month as weeks from Monday to Sunday, in UTC. */

const DAY_MS = 86_400_000;

/** A day in UTC, such as `2026-01-31`. */
export type Day = string;

export interface Month {
  /** Its first day, and the first day of the next month. */
  readonly from: Date;
  readonly to: Date;
  /** Seven places a week; null: a day of another month. */
  readonly weeks: readonly (readonly (Day | null)[])[];
  readonly previous: Day;
  readonly next: Day;
}

export const dayOf = (at: Date): Day => at.toISOString().slice(0, 10);

/** The first moment of a day. */
export const startOf = (day: Day): Date => new Date(`${day}T00:00:00Z`);

/** The first moment after a day. */
export const endOf = (day: Day): Date => new Date(startOf(day).getTime() + DAY_MS);

/** The month of a day. */
export function monthOf(day: Day): Month {
  const [year, month] = [Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1];
  const [from, to] = [new Date(Date.UTC(year, month)), new Date(Date.UTC(year, month + 1))];
  const days = Array.from({ length: (to.getTime() - from.getTime()) / DAY_MS }, (_, index) =>
    dayOf(new Date(from.getTime() + index * DAY_MS)),
  );
  const before: null[] = Array((from.getUTCDay() + 6) % 7).fill(null);
  return {
    ...{ from, to, weeks: weeksOf([...before, ...days]) },
    previous: dayOf(new Date(Date.UTC(year, month - 1))),
    next: dayOf(to),
  };
}

function weeksOf(places: readonly (Day | null)[]): (Day | null)[][] {
  const count = Math.ceil(places.length / 7);
  return Array.from({ length: count }, (_, week) =>
    Array.from({ length: 7 }, (_, place) => places[week * 7 + place] ?? null),
  );
}
