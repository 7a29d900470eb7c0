/** Formats of files, as BigQuery reads and writes them. Pure. */
import { FailTask } from "dagsmith";

/**
 * A format of files.
 * @example const format: BigqueryFormat = "parquet";
 */
export type BigqueryFormat = "csv" | "json" | "parquet" | "avro" | "orc";

const NAMES: Readonly<Record<BigqueryFormat, string>> = {
  csv: "CSV",
  json: "NEWLINE_DELIMITED_JSON",
  parquet: "PARQUET",
  avro: "AVRO",
  orc: "ORC",
};

const ENDINGS: Readonly<Record<string, BigqueryFormat>> = {
  ...{ csv: "csv", json: "json", jsonl: "json", ndjson: "json" },
  ...{ parquet: "parquet", avro: "avro", orc: "orc" },
};

/** The word of the API. */
export const formatName = (format: BigqueryFormat): string => NAMES[format];

/** The format of a file by its ending; `.gz` may follow that of a text. */
export function formatOf(name: string): BigqueryFormat {
  const [, ending = ""] = /\.([a-z]+)(?:\.gz)?$/i.exec(name) ?? [];
  const format = ENDINGS[ending.toLowerCase()];
  if (format) return format;
  const allowed = Object.keys(ENDINGS).join(", ");
  throw new FailTask(
    `BigQuery: the ending of "${name}" names no format: give the option format, or one of ${allowed}`,
  );
}
