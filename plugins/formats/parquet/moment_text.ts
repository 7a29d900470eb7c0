/** Dates and times of Parquet as ISO 8601 texts, with every digit that they have. Pure. */

const SECOND_NS = 1_000_000_000n;
const DAY_MS = 24 * 60 * 60 * 1000;

/** A date and a time, without an offset: UTC, or the zone of the file. */
export function momentText(nanos: bigint): string {
  const fraction = ((nanos % SECOND_NS) + SECOND_NS) % SECOND_NS;
  const utc = new Date(Number((nanos - fraction) / SECOND_NS) * 1000);
  const [year, era] = yearOf(utc);
  return `${year}${utc.toISOString().slice(-20, -5)}${fractionText(fraction, 9)}${era}`;
}

/** A date, by its days since 1970. */
export function dateText(days: number): string {
  const utc = new Date(days * DAY_MS);
  const [year, era] = yearOf(utc);
  return `${year}${utc.toISOString().slice(-20, -14)}${era}`;
}

/** A time of day. @param digits of a second that a unit stands for: 3, 6 or 9 */
export function timeText(units: bigint, digits: number): string {
  const perSecond = 10n ** BigInt(digits);
  const utc = new Date(Number(units / perSecond) * 1000);
  return `${utc.toISOString().slice(-13, -5)}${fractionText(units % perSecond, digits)}`;
}

/** The year before year 1 is 1 BC. */
function yearOf(utc: Date): readonly [year: string, era: string] {
  const year = utc.getUTCFullYear();
  return [String(year > 0 ? year : 1 - year).padStart(4, "0"), year > 0 ? "" : " BC"];
}

function fractionText(fraction: bigint, digits: number): string {
  const text = String(fraction).padStart(digits, "0").replace(/0+$/, "");
  return text === "" ? "" : `.${text}`;
}
