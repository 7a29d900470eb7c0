/** The operator that loads files of a stage into a table of Snowflake. */
import {
  DagsmithError,
  type FromContext,
  resolveField,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import type { JsonRow, Session } from "./client.ts";
import { copyText, nameText, type SnowflakeFormat } from "./copy_text.ts";
import { clientOf } from "./hook.ts";

/** Options of {@link snowflakeCopy}. */
export interface SnowflakeCopyOptions<Context extends TaskContext> {
  /** Id of a connection of type `snowflake`. */
  readonly snowflake: FromContext<string, Context>;
  /** A stage of Snowflake with a path, such as `@lake/trips/2026-01/`. */
  readonly from: FromContext<string, Context>;
  /** A regular expression that whole paths of files must match. Default: all files. */
  readonly pattern?: FromContext<string, Context>;
  /** How the files are written. */
  readonly format: SnowflakeFormat;
  /** `table`, `schema.table` or `database.schema.table`; it must be there. */
  readonly table: FromContext<string, Context>;
  /** The columns that the fields of a CSV fill, in their order. Default: all. */
  readonly columns?: readonly string[];
  /**
   * `append` adds the rows of files that were not loaded before; `truncate` replaces all
   * rows, in one transaction.
   */
  readonly loadType: "append" | "truncate";
}

const LOAD_TYPES = ["append", "truncate"];

/**
 * Loads files of a stage by COPY, all or nothing. Snowflake remembers for 64 days which
 * files a table has: a retry appends no file twice.
 * @returns `files` and `rows` that were loaded
 * @throws DagsmithError INVALID_OPTION, at once, for a mode that does not exist
 * @example
 * d.task("load", snowflakeCopy({ snowflake: "lake", from: ({ logicalDate }) => `@raw/trips/${logicalDate.toISODate()}/`,
 *   format: { type: "parquet" }, table: "taxi.trips", loadType: "append" }));
 */
export function snowflakeCopy<Context extends TaskContext>(
  options: SnowflakeCopyOptions<Context>,
): TaskBody<{ readonly files: number; readonly rows: number }, Context> {
  const { format, columns, loadType } = options;
  refuseMode(loadType);
  return async function snowflakeCopy(context) {
    const snowflake = await clientOf(context, await resolveField(options.snowflake, context));
    const from = await resolveField(options.from, context);
    const table = await resolveField(options.table, context);
    const pattern = options.pattern && (await resolveField(options.pattern, context));
    const replaces = loadType === "truncate";
    const text = copyText({ table, columns, from, pattern, format, force: replaces });
    context.rendered({ sql: text });
    return snowflake.transaction(async (session: Session) => {
      // TRUNCATE would commit at once.
      if (replaces) await session.run({ text: `delete from ${nameText(table)}`, values: [] });
      return countsOf((await session.run({ text, values: [] })).rows);
    });
  };
}

function refuseMode(loadType: string): void {
  if (LOAD_TYPES.includes(loadType)) return;
  const words = { option: "loadType", found: loadType, allowed: LOAD_TYPES.join(", ") };
  throw new DagsmithError("INVALID_OPTION", { where: "snowflakeCopy", ...words });
}

/** COPY answers with a row for each file; without files, with one that names none. */
function countsOf(answer: readonly JsonRow[]) {
  const loaded = answer.filter((row) => "file" in row && row.status === "LOADED");
  const rows = loaded.reduce((sum, row) => sum + Number(row.rows_loaded ?? 0), 0);
  return { files: loaded.length, rows };
}
