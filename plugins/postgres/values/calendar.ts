/** Dates and times as ISO 8601 and PostgreSQL write them. Pure. */

const DATE = /^(\d{4,6})-(\d\d)-(\d\d)( BC)?$/;
const TIME =
  /^(\d{4,6})-(\d\d)-(\d\d)(?:[T ]\d\d:\d\d(?::\d\d(\.\d+)?)?)?(?: ?(?:Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?))?( BC)?$/;
const INFINITY = /^[+-]?infinity$/i;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Whether a text is a date that exists, such as `2024-02-29`, `0044-03-15 BC` or
 * `infinity`.
 */
export function isDate(text: string): boolean {
  return exists(DATE.exec(text)) || INFINITY.test(text);
}

/**
 * Whether a text is a date that exists with a time or without, with an offset or without.
 * The forms that depend on the settings of a database, such as `01/02/2018`, are none.
 * @param digits how many digits of a second the column keeps
 */
export function isMoment(text: string, digits: number): boolean {
  const found = TIME.exec(text);
  if (!exists(found)) return INFINITY.test(text);
  const fraction = found?.[4];
  return fraction === undefined || fraction.replace(/0+$/, "").length - 1 <= digits;
}

function exists(found: RegExpExecArray | null): boolean {
  if (found === null) return false;
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  // Proleptic years: 1 BC is year 0, and a leap year.
  const isBc = found.at(-1) !== undefined;
  const longest = month === 2 && isLeap(isBc ? 1 - year : year) ? 29 : (DAYS[month - 1] ?? 0);
  return day >= 1 && day <= longest;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
