/** The COPY statement that loads files of a stage. Pure. */
import { FailTask } from "dagsmith";

/**
 * How the files of a stage are written.
 * @example const format: SnowflakeFormat = { type: "csv", delimiter: ";", nulls: "NULL" };
 */
export type SnowflakeFormat =
  | {
      readonly type: "csv";
      /** Between the fields. Default: a comma. */
      readonly delimiter?: string;
      /** Lines before the rows. Default 1: the header. */
      readonly skipLines?: number;
      /** The text that means null. Default: an empty field. */
      readonly nulls?: string;
    }
  | { readonly type: "json" | "parquet" | "avro" | "orc" };

export interface Copy {
  /** `table`, `schema.table` or `database.schema.table`. */
  readonly table: string;
  /** Of the table, in the order of the fields of a CSV. */
  readonly columns?: readonly string[] | undefined;
  /** `@stage` or `@stage/path`. */
  readonly from: string;
  /** A regular expression for the paths of the files. */
  readonly pattern?: string | undefined;
  readonly format: SnowflakeFormat;
  /** Loads files that were loaded before, too. */
  readonly force: boolean;
}

/** @throws FailTask for names that are none */
export function copyText({ table, columns, from, pattern, format, force }: Copy): string {
  if (!/^@\S/.test(from))
    throw new FailTask(`Snowflake copy: from is "${from}", not "@stage/path"`);
  const into = columns
    ? `${nameText(table)} (${columns.map(nameText).join(", ")})`
    : nameText(table);
  return [
    `copy into ${into} from ${quoted(from)}`,
    ...(pattern === undefined ? [] : [`pattern = ${quoted(pattern)}`]),
    `file_format = (${formatText(format)})`,
    // Such files name their columns; a CSV has them in the order of the table.
    ...(format.type === "csv" ? [] : ["match_by_column_name = case_insensitive"]),
    "on_error = abort_statement",
    ...(force ? ["force = true"] : []),
  ].join(" ");
}

/** A name without quotes, which Snowflake reads in upper case. */
export function nameText(name: string): string {
  if (/^[a-z_][\w$]*(?:\.[a-z_][\w$]*){0,2}$/i.test(name)) return name;
  throw new FailTask(`Snowflake copy: "${name}" is no name of letters, digits and underscores`);
}

function formatText(format: SnowflakeFormat): string {
  if (format.type !== "csv") return `type = ${format.type}`;
  const { delimiter = ",", skipLines = 1, nulls } = format;
  const text = `type = csv field_delimiter = ${quoted(delimiter)} skip_header = ${skipLines}`;
  const nullIf = nulls === undefined ? "" : ` null_if = (${quoted(nulls)})`;
  return `${text} field_optionally_enclosed_by = '"'${nullIf}`;
}

const quoted = (text: string): string =>
  `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
