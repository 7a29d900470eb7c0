/** Rows of a result as JSON. Pure. */
import type { Json } from "dagsmith";

/** A column as the API describes it. */
export interface FieldSchema {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
  readonly fields?: readonly FieldSchema[];
}

/** A value as the API sends it: every scalar is a text. */
interface Cell {
  readonly v: string | Row | readonly Cell[] | null;
}

export interface Row {
  readonly f: readonly Cell[];
}

/** @param row with timestamps as whole microseconds */
export function rowOf(row: Row, fields: readonly FieldSchema[]): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    fields.map((field, index) => [field.name, jsonOf(row.f[index]?.v ?? null, field)]),
  );
}

function jsonOf(value: Cell["v"], { mode, ...field }: FieldSchema): Json {
  if (value === null) return mode === "REPEATED" ? [] : null;
  if (mode === "REPEATED") return (value as readonly Cell[]).map(({ v }) => jsonOf(v, field));
  if (field.fields) return rowOf(value as Row, field.fields);
  return (READERS[field.type] ?? String)(value as string);
}

const READERS: Readonly<Record<string, (text: string) => Json>> = {
  INTEGER: wholeNumber,
  INT64: wholeNumber,
  FLOAT: double,
  FLOAT64: double,
  BOOLEAN: (text) => text === "true",
  BOOL: (text) => text === "true",
  TIMESTAMP: moment,
};

/** A double cannot hold every INT64. */
function wholeNumber(text: string): Json {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

/** JSON has neither NaN nor the infinities, and loses -0. */
function double(text: string): Json {
  const number = Number(text);
  return Number.isFinite(number) && !Object.is(number, -0) ? number : text;
}

const MICROS = 1_000_000n;

function moment(micros: string): string {
  const all = BigInt(micros);
  const fraction = ((all % MICROS) + MICROS) % MICROS;
  const whole = new Date(Number((all - fraction) / 1000n)).toISOString().slice(0, 19);
  const digits = String(fraction).padStart(6, "0").replace(/0+$/, "");
  return `${whole}${digits && `.${digits}`}+00:00`;
}
