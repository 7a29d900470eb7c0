/**
 * Values of a result as JSON has them, from the text that PostgreSQL sends: exact,
 * because the output of a task is JSON and a rounded number is wrong. Pure.
 */

/** What a value becomes. */
export type ResultParser = (text: string) => unknown;

/** NaN, the infinities and -0 stay texts, which JSON can carry. */
const NUMBER = (text: string): unknown =>
  Number.isFinite(Number(text)) && !Object.is(Number(text), -0) ? Number(text) : text;

/**
 * The types whose text JSON does not take as it is, by their ids. bigint, numeric, dates
 * without a time, uuid and all others stay texts.
 */
const PARSERS: ReadonlyMap<number, ResultParser> = new Map<number, ResultParser>([
  [16, (text) => text === "t"],
  [17, base64],
  [21, NUMBER],
  [23, NUMBER],
  [26, NUMBER],
  [700, NUMBER],
  [701, NUMBER],
  [114, exactJson],
  [3802, exactJson],
  [1114, (text) => text.replace(/^(\d+-\d\d-\d\d) /, "$1T")],
  [1184, utcText],
  [1186, isoInterval],
]);

/** How values of a type that is no array are read. */
export function scalarParser(oid: number): ResultParser {
  return PARSERS.get(oid) ?? ((text) => text);
}

/** Hexadecimal, which the connection asks for. */
function base64(text: string): string {
  return Buffer.from(text.slice(2), "hex").toString("base64");
}

/** A number that a double cannot hold becomes a text, as bigint and numeric do. */
function exactJson(text: string): unknown {
  return (JSON.parse as ParseWithSource)(text, (_key, value, { source }) =>
    typeof value === "number" && !isSame(value, source ?? "") ? source : value,
  );
}

type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;

/** Whether a double is the number that is written; zeros at its end say nothing. */
function isSame(value: number, source: string): boolean {
  return Number.isFinite(value) && magnitude(String(value)) === magnitude(source);
}

/** The digits of a number without zeros around them, and where its point is. */
function magnitude(text: string): string {
  const [, whole = "", fraction = "", power = "0"] =
    /^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const point = Number(power) + digits.length - fraction.length;
  return digits === "" ? "0" : `${digits.replace(/0+$/, "")}e${point}`;
}

const MOMENT =
  /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(\.\d+)?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?$/;

/**
 * `2018-01-05 04:00:00.5+01` as `2018-01-05T03:00:00.5+00:00`, whatever the zone of the
 * session.
 */
function utcText(text: string): string {
  const [, year, month, day, hour, minute, second, fraction = "", sign, ...rest] =
    MOMENT.exec(text) ?? [];
  if (year === undefined) return text;
  const [hours = 0, minutes = 0, seconds = 0] = rest.slice(0, 3).map((part) => Number(part ?? 0));
  const shift = (hours * 3600 + minutes * 60 + seconds) * (sign === "-" ? 1 : -1);
  const utc = new Date(0);
  // The year before year 1 is 1 BC.
  utc.setUTCFullYear(rest[3] ? 1 - Number(year) : Number(year), Number(month) - 1, Number(day));
  utc.setUTCHours(Number(hour), Number(minute), Number(second) + shift);
  return Number.isNaN(utc.getTime()) ? text : isoText(utc, fraction);
}

function isoText(utc: Date, fraction: string): string {
  const year = utc.getUTCFullYear();
  const digits = String(year > 0 ? year : 1 - year).padStart(4, "0");
  const rest = utc.toISOString().slice(-20, -5);
  return `${digits}${rest}${fraction}+00:00${year > 0 ? "" : " BC"}`;
}

const UNITS: Readonly<Record<string, string>> = { year: "Y", mon: "M", day: "D" };

/**
 * `1 year 2 mons -3 days 04:05:06.7` as `P1Y2M-3DT4H5M6.7S` (ISO 8601, each part with its
 * sign).
 */
function isoInterval(text: string): string {
  if (/infinity/.test(text)) return text;
  const days = [...text.matchAll(/([+-]?\d+) (year|mon|day)s?/g)].map(
    ([, count, unit]) => `${Number(count)}${UNITS[unit ?? ""]}`,
  );
  const [, sign, ...parts] = /([+-]?)(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text) ?? [];
  const times = parts.flatMap((part, index) =>
    /^[0.]+$/.test(part)
      ? []
      : [`${sign === "-" ? "-" : ""}${part.replace(/^0+(?=\d)/, "")}${"HMS"[index]}`],
  );
  if (days.length + times.length === 0) return "PT0S";
  return `P${days.join("")}${times.length > 0 ? `T${times.join("")}` : ""}`;
}
