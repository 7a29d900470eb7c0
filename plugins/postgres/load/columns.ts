/**
 * Columns and their types, and when a column that is there can take the values of one
 * that is wanted. Pure.
 */
import { DagsmithError, FailTask } from "dagsmith";
import { isTypeName, type ScalarName } from "../values/type_name.ts";

/**
 * A type: a built-in type of PostgreSQL by its short name, a list of one (`integer[]`),
 * or a type of your own with its schema (`public.mood`). Redshift has fewer types.
 */
export type ColumnType = ScalarName | `${ScalarName}[]` | `${string}.${string}`;

/** A column of a table. Names are folded to lower case, as Redshift does. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/**
 * A column as the database describes it; its type may be one that a {@link Column} cannot
 * have.
 */
export interface ExistingColumn {
  readonly name: string;
  readonly type: string;
  /** The table computes its values: a load cannot give them. */
  readonly isGenerated?: boolean;
  /** The table counts its values, unless a load gives them. */
  readonly isIdentity?: boolean;
  readonly isNotNull?: boolean;
}

/**
 * Columns with names in lower case. The types also guard the statements: they are put
 * into SQL as they are.
 * @throws DagsmithError INVALID_OPTION for an unknown type, an empty list, or one name
 *   twice
 */
export function checkedColumns(columns: readonly Column[]): readonly Column[] {
  const refuse = (found: string, allowed: string): never => {
    throw new DagsmithError("INVALID_OPTION", {
      where: "a load",
      option: "columns",
      found,
      allowed,
    });
  };
  if (columns.length === 0) refuse("an empty list", "one column or more");
  const names = new Set<string>();
  for (const { name, type } of columns) {
    if (!isTypeName(type))
      refuse(
        `the type "${type}" of "${name}"`,
        "bigint, integer, boolean, text, varchar(n), timestamptz, jsonb, uuid, integer[], … or schema.type",
      );
    if (names.has(name.toLowerCase()))
      refuse(`the column "${name}" twice`, "each name once, upper and lower case being the same");
    names.add(name.toLowerCase());
  }
  return columns.map(({ name, type }) => ({ name: name.toLowerCase(), type }));
}

/** What must change in a table before rows with the wanted columns fit. */
export interface Reconciliation {
  readonly add: readonly Column[];
  /** Columns, by the name they have in the table, and the wider type they need. */
  readonly widen: readonly Column[];
  /** The wanted columns by the names they have in the table. */
  readonly columns: readonly Column[];
}

/**
 * Compares a table with the wanted columns; names are compared without regard to case.
 * Columns that only the table has stay.
 * @throws FailTask when a column is there with a type that cannot hold, or become, the
 *   wanted one without loss
 */
export function reconcileColumns(
  table: string,
  existing: readonly ExistingColumn[],
  wanted: readonly Column[],
): Reconciliation {
  refuseGenerated(table, existing, wanted);
  const byName = new Map(existing.map((column) => [column.name.toLowerCase(), column]));
  const add: Column[] = [];
  const widen: Column[] = [];
  const columns = wanted.map((column): Column => {
    const found = byName.get(column.name);
    if (!found) add.push(column);
    else if (!holds(column.type, found.type)) refuseNarrowing(table, column, found, widen);
    return found ? { name: found.name, type: column.type } : column;
  });
  return { add, widen, columns };
}

/** @throws FailTask when a load wants to give the values of a generated column */
export function refuseGenerated(
  table: string,
  existing: readonly ExistingColumn[],
  wanted: readonly Column[],
): void {
  const generated = existing.filter(({ isGenerated }) => isGenerated);
  const found = generated.find(({ name }) =>
    wanted.some((column) => column.name === name.toLowerCase()),
  );
  if (found)
    throw new FailTask(
      `Column "${found.name}" of ${table} is generated: the table computes it. Leave it out of the columns of the load.`,
    );
}

function refuseNarrowing(
  table: string,
  wanted: Column,
  found: ExistingColumn,
  widen: Column[],
): void {
  if (!holds(found.type, wanted.type)) {
    throw new FailTask(
      `Column "${found.name}" of ${table} has the type ${found.type}, but the load wants ${wanted.type}; neither holds every value of the ` +
        `other. Change the column's type in the load or in the table, or load with loadType "rebuild".`,
    );
  }
  widen.push({ name: found.name, type: wanted.type });
}

const INTEGERS = ["smallint", "integer", "bigint"];
/** Digits before the point that an integer type needs. */
const DIGITS: Readonly<Record<string, number>> = { smallint: 5, integer: 10, bigint: 19 };

/** Whether every value of `narrow` is a value of `wide`. */
function holds(narrow: string, wide: string): boolean {
  if (narrow === wide) return true;
  if (INTEGERS.includes(narrow) && INTEGERS.includes(wide))
    return INTEGERS.indexOf(narrow) <= INTEGERS.indexOf(wide);
  if (wide === "double precision")
    return narrow === "smallint" || narrow === "integer" || narrow === "real";
  if (wide === "text") return narrow.startsWith("varchar(");
  if (/^(time|timetz|timestamp|timestamptz|varbit)$/.test(wide)) return sizeOf(narrow)[0] === wide;
  if (wide === "numeric") return INTEGERS.includes(narrow) || narrow.startsWith("numeric(");
  const [wideBase, wideSize = 0, wideScale = 0] = sizeOf(wide);
  const [narrowBase, narrowSize = 0, narrowScale = 0] = sizeOf(narrow);
  if (wideBase === "varchar") return narrowBase === "varchar" && narrowSize <= wideSize;
  if (wideBase !== "numeric") return false;
  const digits =
    DIGITS[narrow] ??
    (narrowBase === "numeric" && narrowSize > 0
      ? narrowSize - narrowScale
      : Number.POSITIVE_INFINITY);
  return digits <= wideSize - wideScale && narrowScale <= wideScale;
}

function sizeOf(type: string): readonly [string, number?, number?] {
  const [, base = type, size, scale] = /^(\w+)\((\d+)(?:,(\d+))?\)$/.exec(type) ?? [];
  return [base, Number(size ?? 0), Number(scale ?? 0)];
}
