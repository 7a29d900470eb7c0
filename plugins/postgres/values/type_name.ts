/** Names of column types. Pure. */

type Size = `(${number})`;
type Times = "time" | "timetz" | "timestamp" | "timestamptz";
type Networks = "inet" | "cidr" | "macaddr" | "macaddr8";
type Ranges =
  | "int4range"
  | "int8range"
  | "numrange"
  | "daterange"
  | "tsrange"
  | "tstzrange"
  | "int4multirange"
  | "int8multirange"
  | "nummultirange"
  | "datemultirange"
  | "tsmultirange"
  | "tstzmultirange";

/** A built-in type of PostgreSQL by its short name. */
export type ScalarName =
  | "smallint"
  | "integer"
  | "bigint"
  | "numeric"
  | `numeric(${number},${number})`
  | "real"
  | "double precision"
  | "money"
  | "boolean"
  | "text"
  | `varchar${Size}`
  | `char${Size}`
  | "date"
  | Times
  | `${Times}${Size}`
  | "interval"
  | "bytea"
  | "uuid"
  | "json"
  | "jsonb"
  | "xml"
  | `bit${Size}`
  | "varbit"
  | `varbit${Size}`
  | Networks
  | Ranges;

const SIZE = String.raw`\([1-9]\d*\)`;
const SCALAR = new RegExp(
  `^(smallint|integer|bigint|numeric(\\([1-9]\\d*,\\d+\\))?|real|double precision|money|boolean|text|varchar${SIZE}|char${SIZE}|` +
    `date|(time|timetz|timestamp|timestamptz)(\\([0-6]\\))?|interval|bytea|uuid|json|jsonb|xml|bit${SIZE}|varbit(${SIZE})?|` +
    "inet|cidr|macaddr8?|(int4|int8|num|date|ts|tstz)(multi)?range)(\\[\\])?$",
);
/** A schema and a name, each a plain word or in double quotes. */
const OWN_TYPE = /^("([^"]|"")+"|[a-z_]\w*)\.("([^"]|"")+"|[a-z_]\w*)(\[\])?$/;

/** Whether a text is a type and nothing more: it becomes part of a statement. */
export function isTypeName(text: string): boolean {
  return SCALAR.test(text) || OWN_TYPE.test(text);
}

/** The short name of a type, from that of `format_type` and the information schema. */
export function canonicalType(type: string): string {
  return type
    .replace(/^character varying(?=[([]|$)/, "varchar")
    .replace(/^varchar(?=\[|$)/, "text")
    .replace(/^character(?=\()/, "char")
    .replace(/^bit varying(?=[([]|$)/, "varbit")
    .replace(/^(time|timestamp)(\(\d\))? with time zone/, "$1tz$2")
    .replace(/^(time|timestamp)(\(\d\))? without time zone/, "$1$2");
}
