/** What a database of DuckDB is opened with. Pure. */

/** Where the tables of a DuckDB are, and what it may use. */
export interface DuckdbSettings {
  /** The path of the database; undefined: in memory. */
  readonly file: string | undefined;
  readonly isReadOnly: boolean;
  /** An amount of memory as DuckDB reads it, such as `1GB`. */
  readonly memoryLimit: string;
  readonly threads: number | undefined;
}

/** A task shares its machine with others; DuckDB itself would take 80 % of the memory. */
export const DEFAULT_MEMORY = "1GB";

/** An amount of memory as DuckDB reads it. */
export const MEMORY = /^\d+(\.\d+)?\s*(B|[KMGT]i?B)$/i;
