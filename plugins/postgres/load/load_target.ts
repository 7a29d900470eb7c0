/** Where a load goes and what it does to the rows that are there. Pure. */
import { DagsmithError, identifier, type Sql } from "dagsmith";
import { type Column, checkedColumns } from "./columns.ts";

/**
 * What a load does to the rows that are in the table:
 * - `append` adds to them; a load that is repeated (a retry) adds once, see {@link
 *   LoadTarget.loadId}
 * - `truncate` replaces them all and keeps the table: its other columns, its grants, the
 *   views upon it
 * - `rebuild` does so too, and leaves the table with just the wanted columns
 * - `upsert` replaces those with the same primary key, unless they are newer by the
 *   incremental key, and adds the others
 */
export type LoadMode =
  | {
      readonly loadType: "append" | "rebuild" | "truncate";
      /** Becomes the primary key when the load creates the table. */
      readonly primaryKey?: string | readonly string[];
      readonly incrementalKey?: never;
    }
  | {
      readonly loadType: "upsert";
      /** Required: which row is the same. */
      readonly primaryKey: string | readonly string[];
      /**
       * What makes a row newer, such as `updated_at`. Without it, the incoming row wins,
       * and the last one of the file among equals.
       */
      readonly incrementalKey?: string;
    };

const LOAD_TYPES: readonly LoadMode["loadType"][] = ["append", "rebuild", "truncate", "upsert"];

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** One load into one table. */
export type LoadTarget = LoadMode &
  TableName & {
    /** Default: the columns that the table has, without identity and generated ones. */
    readonly columns?: readonly Column[];
    /**
     * Whether a source without rows may empty a table that has rows, by `truncate` or
     * `rebuild`. Default false; a CSV with a header says itself that it has no rows.
     */
    readonly allowEmpty?: boolean;
    /** NUL characters, which PostgreSQL cannot store: `refuse` (default) or `remove`. */
    readonly nul?: "refuse" | "remove";
    /** The schema of the table `dagsmith_loads`. Default: the schema of the table. */
    readonly loadsSchema?: string;
    /**
     * Required by `append`: names this load, the same for each of its tries. The schema's
     * table `dagsmith_loads` remembers it.
     */
    readonly loadId?: string;
    /**
     * What is loaded, by a name that changes with its content (an address with an ETag):
     * tells a repeated load from a changed one.
     */
    readonly source?: string;
  };

/** A {@link LoadTarget} after its check: names in lower case, keys as lists. */
export interface CheckedTarget extends TableName {
  readonly loadType: LoadMode["loadType"];
  readonly columns: readonly Column[] | undefined;
  readonly primaryKey: readonly string[];
  readonly incrementalKey: string | undefined;
  readonly loadId: string;
  readonly source: string;
  readonly allowEmpty: boolean;
  readonly nul: "refuse" | "remove";
  readonly loadsSchema: string;
}

/** What is wrong with a load, thrown. */
function refuse(where: string, option: string, found: string, allowed: string): never {
  throw new DagsmithError("INVALID_OPTION", { where, option, found, allowed });
}

/**
 * The mode of a load, its keys as lists in lower case. @throws DagsmithError
 * INVALID_OPTION
 */
export function checkedMode(
  where: string,
  mode: LoadMode,
): Pick<CheckedTarget, "loadType" | "primaryKey" | "incrementalKey"> {
  const { loadType } = mode;
  if (!LOAD_TYPES.includes(loadType))
    refuse(where, "loadType", String(loadType), LOAD_TYPES.join(", "));
  const primaryKey = [mode.primaryKey ?? []].flat().map((name) => name.toLowerCase());
  const incrementalKey = mode.incrementalKey?.toLowerCase();
  if (loadType === "upsert" && primaryKey.length === 0)
    refuse(where, "primaryKey", "missing", "one column or more, for loadType upsert");
  if (loadType !== "upsert" && incrementalKey)
    refuse(where, "incrementalKey", incrementalKey, "none, but for loadType upsert");
  return { loadType, primaryKey, incrementalKey };
}

/** Names and keys of a load. @throws DagsmithError INVALID_OPTION */
export function checkedTarget(target: LoadTarget): CheckedTarget {
  const where = `the load of ${target.schema}.${target.table}`;
  const mode = checkedMode(where, target);
  if (mode.loadType === "append" && !target.loadId)
    refuse(where, "loadId", "missing", "a name for this load, for loadType append");
  const columns = target.columns && checkedColumns(target.columns);
  const keys = [...mode.primaryKey, mode.incrementalKey ?? []].flat();
  const unknown = columns && keys.find((key) => !columns.some(({ name }) => name === key));
  if (unknown)
    refuse(
      where,
      "primaryKey or incrementalKey",
      `"${unknown}"`,
      `one of ${columns?.map(({ name }) => name).join(", ")}`,
    );
  const names = { schema: target.schema.toLowerCase(), table: target.table.toLowerCase() };
  return {
    ...{ ...names, ...mode, columns, loadId: target.loadId ?? "", source: target.source ?? "" },
    allowEmpty: target.allowEmpty ?? false,
    nul: target.nul ?? "refuse",
    loadsSchema: target.loadsSchema ?? names.schema,
  };
}

/**
 * The name of a table in `dagsmith_loads`: with its schema when that table has another.
 */
export function rememberedName({ schema, table, loadsSchema }: CheckedTarget): string {
  return loadsSchema === schema ? table : `${schema}.${table}`;
}

/** The quoted name of a table. */
export function tableIdentifier({ schema, table }: TableName): Sql {
  return identifier(schema, table);
}

/** The name of a table in messages. */
export function nameOf({ schema, table }: TableName): string {
  return `${schema}.${table}`;
}

/** Whether a load replaces all rows of its table. */
export function replaces({ loadType }: CheckedTarget): boolean {
  return loadType === "truncate" || loadType === "rebuild";
}
