/** Lengths of time: `timedelta`, `duration`, or a number of seconds. */
import { lastName, type NamedValues, numberOf, type Value } from "../evaluate/value.ts";
import { tableOf } from "../table_of.ts";

const UNIT_MS: Readonly<Record<string, number>> = tableOf({
  ...{ days: 86_400_000, seconds: 1000, microseconds: 0.001, milliseconds: 1 },
  ...{ minutes: 60_000, hours: 3_600_000, weeks: 604_800_000 },
});

/** The names of the positional arguments. */
const POSITIONS = Object.keys(UNIT_MS);

/** A length in milliseconds; undefined when it is not known. */
export function lengthMs(value: Value): number | undefined {
  const seconds = numberOf(value);
  if (seconds !== undefined) return seconds * 1000;
  if (value.kind !== "call" || !/^(timedelta|duration)$/.test(lastName(value.path)))
    return undefined;
  const named: NamedValues = new Map([
    ...value.args.map((arg, index) => [POSITIONS[index] ?? "", arg] as const),
    ...value.named,
  ]);
  const parts = [...named].map(
    ([unit, amount]) => (numberOf(amount) ?? Number.NaN) * (UNIT_MS[unit] ?? Number.NaN),
  );
  const sum = parts.reduce((total, part) => total + part, 0);
  return Number.isNaN(sum) ? undefined : sum;
}

const WRITTEN = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

/** A length as dagsmith writes it: `"1h30m"`; undefined when it is not known. */
export function durationOf(value: Value): string | undefined {
  const ms = lengthMs(value);
  if (ms === undefined || ms < 0) return undefined;
  if (ms % 1000 !== 0) return `${Math.round(ms)}ms`;
  let rest = ms;
  const parts = WRITTEN.flatMap(([unit, length]) => {
    const amount = Math.floor(rest / length);
    rest -= amount * length;
    return amount === 0 ? [] : [`${amount}${unit}`];
  });
  if (parts.length === 0) return "0s";
  return parts.length <= 3 ? parts.join("") : `${ms / 1000}s`;
}
