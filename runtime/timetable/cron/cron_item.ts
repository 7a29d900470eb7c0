/**
 * Items of cron fields that croniter, which Airflow uses, reads and cron-parser refuses
 * or reads otherwise. They are rewritten into what cron-parser reads, or into the days
 * that it has no word for.
 */

export const FIELDS = ["second", "minute", "hour", "dayOfMonth", "month", "dayOfWeek"] as const;
export type Field = (typeof FIELDS)[number];

const RANGES: Readonly<Record<Field, readonly [first: number, last: number]>> = {
  second: [0, 59],
  minute: [0, 59],
  hour: [0, 23],
  dayOfMonth: [1, 31],
  month: [1, 12],
  dayOfWeek: [0, 6],
};

const NAMES: Readonly<Partial<Record<Field, readonly string[]>>> = {
  month: [
    ...["", "jan", "feb", "mar", "apr", "may", "jun"],
    ...["jul", "aug", "sep", "oct", "nov", "dec"],
  ],
  dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

/** A weekday that counts once a month. */
export interface NthWeekday {
  readonly weekday: number;
  /** 1 to 5; `last` for the last one of the month. */
  readonly nth: number | "last";
}

/** `fri#2`, `mon-fri#1`, `L5`, `5L`; undefined for an item of another form. */
export function nthWeekdays(item: string): readonly NthWeekday[] | undefined {
  const [, days = "", nth] = /^([^#]+)#([1-5])$/.exec(item) ?? [];
  if (nth !== undefined) return weekdaysOf(days)?.map((weekday) => ({ weekday, nth: Number(nth) }));
  const [, after, before] = /^(?:l(.+)|(.+)l)$/i.exec(item) ?? [];
  const last = after ?? before;
  return last === undefined
    ? undefined
    : weekdaysOf(last)?.map((weekday) => ({ weekday, nth: "last" }));
}

function weekdaysOf(text: string): readonly number[] | undefined {
  const one = numberOf("dayOfWeek", text);
  if (one !== undefined) return [one];
  const range = rangeOf("dayOfWeek", text);
  return range && valuesIn("dayOfWeek", range);
}

/** The day of the month in `15W` and `W15`: the weekday nearest to it counts. */
export function nearestWeekdayTo(item: string): number | undefined {
  const [, before, after] = /^(?:(\d+)w|w(\d+))$/i.exec(item) ?? [];
  const day = Number(before ?? after);
  return day >= 1 && day <= 31 ? day : undefined;
}

/**
 * The item as cron-parser reads it; an item that is wrong is left for cron-parser to
 * refuse.
 */
export function normalItem(field: Field, item: string): string {
  const range = rangeOf(field, item);
  return range ? valuesIn(field, range).join(",") : item.toUpperCase();
}

/** A range from a value to itself is the whole field, as in croniter. */
function valuesIn(field: Field, range: Range): readonly number[] {
  const { low, high, step, isOpen } = range;
  const [first, last] = RANGES[field];
  return low === high && !isOpen ? steps(first, last, step) : valuesOf(field, range);
}

interface Range {
  readonly low: number;
  readonly high: number;
  readonly step: number;
  /** It was written without an end: `5/2`. */
  readonly isOpen: boolean;
}

/**
 * `22-2`, `Nov-Mar/2`, `1/2`, `25-L`; undefined for an item of another form or out of
 * bounds.
 */
function rangeOf(field: Field, item: string): Range | undefined {
  const [, from, to, step] = /^([^-/*]+)(?:-([^-/]+))?(?:\/0*([1-9]\d*))?$/.exec(item) ?? [];
  if (from === undefined || (to === undefined && step === undefined)) return undefined;
  const low = numberOf(field, from);
  const high = to === undefined ? RANGES[field][1] : endOf(field, to);
  return low === undefined || high === undefined
    ? undefined
    : { low, high, step: Number(step ?? 1), isOpen: to === undefined };
}

function endOf(field: Field, text: string): number | undefined {
  return field === "dayOfMonth" && /^l$/i.test(text) ? 31 : numberOf(field, text);
}

/** A number or a name; 7 is Sunday, too. */
function numberOf(field: Field, text: string): number | undefined {
  if (field === "dayOfWeek" && text === "7") return 0;
  const value = /^\d+$/.test(text)
    ? Number(text)
    : (NAMES[field]?.indexOf(text.toLowerCase()) ?? -1);
  const [first, last] = RANGES[field];
  return value >= first && value <= last ? value : undefined;
}

function valuesOf(field: Field, { low, high, step }: Range): readonly number[] {
  if (low <= high) return steps(low, high, step);
  const [first, last] = RANGES[field];
  const beforeEnd = steps(low, last, step);
  const left = last - (beforeEnd.at(-1) ?? last);
  // As croniter counts: a step over the end of the field is one value longer, unless it
  // lands on the first value.
  const skipped = left + 1 === step ? 0 : Math.max(0, step - left);
  return [...beforeEnd, ...steps(first + (step === 1 ? 0 : skipped), high, step)];
}

function steps(from: number, to: number, step: number): readonly number[] {
  const count = Math.max(0, Math.floor((to - from) / step) + 1);
  return Array.from({ length: count }, (_, index) => from + index * step);
}
