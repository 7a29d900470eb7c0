/** Values on their way into statements of DuckDB and out of results. Pure. */
import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  DuckDBBlobValue,
  type DuckDBIntervalValue,
  type DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  type DuckDBValueConverter,
  HUGEINT,
  type Json,
  JsonDuckDBValueConverter,
  LIST,
  listValue,
  SQLNULL,
  VARCHAR,
} from "@duckdb/node-api";
import type { SqlValue } from "dagsmith";

/** A value and the type by which it is bound. */
export interface BoundValue {
  readonly value: DuckDBValue;
  readonly type: DuckDBType;
}

/** @param value of a statement; its dates are texts already */
export function boundValue(value: SqlValue): BoundValue {
  if (Array.isArray(value)) return boundList(value as readonly Scalar[]);
  if (value instanceof Uint8Array) return { value: new DuckDBBlobValue(value), type: BLOB };
  return scalar(value as Scalar | bigint);
}

type Scalar = string | number | boolean | null;

function scalar(value: Scalar | bigint): BoundValue {
  switch (typeof value) {
    case "string":
      return { value, type: VARCHAR };
    case "boolean":
      return { value, type: BOOLEAN };
    case "bigint":
      return { value, type: HUGEINT };
    case "number":
      return Number.isSafeInteger(value)
        ? { value: BigInt(value), type: BIGINT }
        : { value, type: DOUBLE };
    default:
      return { value: null, type: SQLNULL };
  }
}

/** DuckDB lists have items of one type: numbers that are not all whole are doubles. */
function boundList(items: readonly Scalar[]): BoundValue {
  const isWhole = items.every((item) => typeof item !== "number" || Number.isSafeInteger(item));
  const bound = items.map((item) =>
    typeof item === "number" && !isWhole ? { value: item, type: DOUBLE } : scalar(item),
  );
  const type = bound.find(({ value }) => value !== null)?.type ?? VARCHAR;
  return { value: listValue(bound.map(({ value }) => value)), type: LIST(type) };
}

/** A value of a result as JSON has it. */
export const jsonValue: DuckDBValueConverter<Json> = (value, type, convert) => {
  if (value === null || value === undefined) return null;
  const read = READERS[type.typeId];
  return read ? read(value) : JsonDuckDBValueConverter(value, type, convert);
};

/** The types that the converter of the library writes in a form of its own. */
const READERS: Readonly<Partial<Record<DuckDBTypeId, (value: DuckDBValue) => Json>>> = {
  [DuckDBTypeId.BLOB]: (value) => Buffer.from((value as DuckDBBlobValue).bytes).toString("base64"),
  [DuckDBTypeId.INTERVAL]: (value) => isoInterval(value as DuckDBIntervalValue),
  [DuckDBTypeId.TIMESTAMP]: isoMoment,
  [DuckDBTypeId.TIMESTAMP_S]: isoMoment,
  [DuckDBTypeId.TIMESTAMP_MS]: isoMoment,
  [DuckDBTypeId.TIMESTAMP_NS]: isoMoment,
  [DuckDBTypeId.TIMESTAMP_TZ]: (value) => utcMoment(value as DuckDBTimestampTZValue),
};

function isoMoment(value: DuckDBValue): string {
  return String(value).replace(/^(\d+-\d\d-\d\d) /, "$1T");
}

/** The library writes such a moment in the zone of the machine. */
function utcMoment(value: DuckDBTimestampTZValue): string {
  const text = isoMoment(new DuckDBTimestampValue(value.micros));
  return value.isFinite ? text.replace(/( \(BC\))?$/, "+00:00$1") : text;
}

/** Each part has its sign, as those of PostgreSQL results. */
function isoInterval({ months, days, micros }: DuckDBIntervalValue): string {
  const seconds = micros / 1_000_000n;
  const fraction = String(micros % 1_000_000n)
    .replace("-", "")
    .padStart(6, "0");
  const sign = micros < 0n && seconds === 0n ? "-" : "";
  const time = micros === 0n ? "" : `T${sign}${seconds}.${fraction}S`.replace(/\.?0+S$/, "S");
  return `P${months ? `${months}M` : ""}${days ? `${days}D` : ""}${time}`.replace(/^P$/, "PT0S");
}
