/** The job that loads files or rows into a table. Pure. */
import { formatName } from "./file_format.ts";
import type { JobWork } from "./jobs.ts";
import { layoutOf, refuseOtherLayout, type StoredTable } from "./layout.ts";
import type { LoadSource } from "./load_source.ts";
import type { TableReference } from "./names.ts";
import type { BigqueryColumn, TableLayout } from "./session.ts";

/**
 * How CSV is written.
 * @example const csv: BigqueryCsv = { delimiter: ";", nulls: "NULL" };
 */
export interface BigqueryCsv {
  /** Between the fields. Default: a comma. */
  readonly delimiter?: string;
  /** Lines before the rows. Default 1: the header. */
  readonly skipLines?: number;
  /** The text that means null. Default: an empty field. */
  readonly nulls?: string;
}

export interface LoadJob {
  readonly source: LoadSource;
  readonly table: TableReference;
  /** Of the load; undefined: those of the table, else as BigQuery detects them. */
  readonly columns: readonly BigqueryColumn[] | undefined;
  /** Whether columns are detected from the rows. */
  readonly detects: boolean;
  /** `WRITE_APPEND` adds rows; `WRITE_TRUNCATE` replaces the table. */
  readonly write: "WRITE_APPEND" | "WRITE_TRUNCATE";
  /** Whether new columns are added to the table. */
  readonly addsColumns: boolean;
  readonly csv: BigqueryCsv;
  /** How a new table is stored. */
  readonly layout: Readonly<Record<string, unknown>>;
}

/** What a load asks of its table. */
export interface LoadTarget extends TableLayout {
  readonly loadType: string;
  readonly columns?: readonly BigqueryColumn[];
}

/**
 * How a load writes into its table.
 * @param stored null when there is no such table
 * @throws FailTask when the table has another layout than a rebuild wants
 */
export function writeOf(
  table: string,
  target: LoadTarget,
  stored: StoredTable | null,
): Pick<LoadJob, "columns" | "detects" | "write" | "addsColumns" | "layout"> {
  const { loadType } = target;
  const replaces = loadType === "rebuild";
  if (replaces && stored) refuseOtherLayout(table, stored, target);
  const existing = replaces || stored === null ? null : (stored.schema?.fields ?? []);
  // A truncate keeps the columns, which WRITE_TRUNCATE alone would replace.
  const kept = loadType === "truncate" ? existing : null;
  const columns = kept ?? target.columns;
  return {
    ...{ columns, detects: columns === undefined && existing === null },
    write: loadType === "append" ? "WRITE_APPEND" : "WRITE_TRUNCATE",
    addsColumns: loadType === "append" && target.columns !== undefined && existing !== null,
    layout: existing === null ? { ...layoutOf(target) } : {},
  };
}

/** All or nothing: readers see the table before the load or after it. */
export function loadWork(job: LoadJob): JobWork {
  const { source, table, columns, detects, write, addsColumns, csv, layout } = job;
  const load = {
    ...{ destinationTable: table, sourceFormat: formatName(source.format) },
    ...{ writeDisposition: write, ...layout },
    ...(source.uris.length > 0 && { sourceUris: source.uris }),
    ...(columns && { schema: { fields: columns } }),
    ...(detects && { autodetect: true }),
    ...(addsColumns && { schemaUpdateOptions: ["ALLOW_FIELD_ADDITION"] }),
    ...(source.format === "csv" && csvOf(csv)),
  };
  const { bytes } = source;
  return { verb: "load", configuration: { load }, ...(bytes && { bytes }) };
}

function csvOf({ delimiter, skipLines = 1, nulls }: BigqueryCsv) {
  return {
    ...{ skipLeadingRows: skipLines, allowQuotedNewlines: true },
    ...(delimiter !== undefined && { fieldDelimiter: delimiter }),
    ...(nulls !== undefined && { nullMarker: nulls }),
  };
}
