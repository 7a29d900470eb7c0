/**
 * Loads an object of S3 into a table of Redshift: facts are read first, then one batch,
 * which is one transaction, changes the table.
 */
import { randomBytes } from "node:crypto";
import { FailTask, identifier, Sql, sql, type TaskLog } from "dagsmith";
import {
  type CheckedTarget,
  type Column,
  canonicalType,
  columnList,
  columnsFrom,
  createLoadsTable,
  createTable,
  type Dialect,
  type EarlierLoad,
  type ExistingColumn,
  earlierLoadQuery,
  emptySource,
  type LoadResult,
  loadedBefore,
  type MergePlan,
  mergeSteps,
  primaryKeySteps,
  reconcileColumns,
  tableIdentifier,
} from "dagsmith/plugins/postgres";
import type { Redshift } from "./redshift.ts";
import {
  type CopyAccess,
  type CopySource,
  copyStatement,
  withoutSecrets,
} from "./redshift_copy.ts";

/** How a table that the load creates lies on the nodes. */
export interface RedshiftTableAttributes {
  /** Rows with equal values lie on one node. Default: Redshift chooses. */
  readonly distkey?: string;
  readonly sortkey?: string | readonly string[];
  /** Default `"compound"`. */
  readonly sortType?: "compound" | "interleaved";
}

export interface RedshiftLoad {
  readonly target: CheckedTarget;
  readonly attributes: RedshiftTableAttributes;
  readonly source: CopySource;
  readonly access: CopyAccess;
  readonly copyOptions: readonly string[];
  /**
   * The columns of a CSV file in their order, which has those of the load; null for JSON,
   * which names them in each row.
   */
  readonly headerWith: (columns: readonly string[]) => Promise<readonly string[] | null>;
  /** Whether the object is JSON lines without a line. */
  readonly isBlank: () => Promise<boolean>;
}

/** Redshift's `text` holds 256 bytes, its bare `numeric` no decimals. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  text: "varchar(65535)",
  numeric: "numeric(38,9)",
};
const CANONICAL_NAMES = new Map(Object.entries(TYPE_NAMES).map(([type, name]) => [name, type]));

/**
 * Loads one object. All or nothing: a load that fails leaves the table as it was.
 * @throws FailTask for a table that cannot take the columns
 */
export async function loadRedshift(
  redshift: Redshift,
  load: RedshiftLoad,
  log: TaskLog,
): Promise<LoadResult> {
  const { target } = load;
  const earlier = await prepareSchema(redshift, target);
  if (earlier) return loadedBefore(target, earlier, log);
  const existing = await existingColumns(redshift, target);
  const { statements, counts } = await loadStatements(redshift, load, existing);
  try {
    const results = await redshift.batch(statements);
    const sum = (name: "rows" | "inserted" | "updated"): number =>
      results.reduce(
        (total, { rowCount }, index) => total + (counts[index] === name ? rowCount : 0),
        0,
      );
    const done = { rows: sum("rows"), inserted: sum("inserted"), updated: sum("updated") };
    log.info(
      `loaded ${done.rows} rows into ${target.schema}.${target.table}: ${done.inserted} inserted, ${done.updated} updated`,
    );
    return done;
  } catch (error) {
    throw withoutSecrets(error, load.access.secrets);
  }
}

/** @returns the append that an earlier try committed, if any */
async function prepareSchema(
  redshift: Redshift,
  target: CheckedTarget,
): Promise<EarlierLoad | undefined> {
  await redshift.execute(sql`create schema if not exists ${identifier(target.schema)}`);
  if (target.loadType !== "append") return undefined;
  if (target.loadsSchema !== target.schema)
    await redshift.execute(sql`create schema if not exists ${identifier(target.loadsSchema)}`);
  await redshift.execute(createLoadsTable(target.loadsSchema));
  return (await redshift.query<EarlierLoad>(earlierLoadQuery(target)))[0];
}

interface InformationSchemaColumn {
  readonly name: string;
  readonly type: string;
  readonly length: number | null;
  readonly precision: number | null;
  readonly scale: number | null;
  readonly default_value: string | null;
}

async function existingColumns(
  redshift: Redshift,
  { schema, table }: CheckedTarget,
): Promise<readonly ExistingColumn[]> {
  const rows =
    await redshift.query<InformationSchemaColumn>(sql`select column_name as name, data_type as type,
    character_maximum_length as length, numeric_precision as precision, numeric_scale as scale,
    column_default as default_value from information_schema.columns where table_schema = ${schema} and table_name = ${table} order by ordinal_position`);
  return rows.map(({ name, type, length, precision, scale, default_value }) => {
    const size =
      length !== null
        ? `(${length})`
        : type === "numeric" && precision !== null
          ? `(${precision},${scale ?? 0})`
          : "";
    const full = canonicalType(`${type}${size}`);
    const isIdentity = default_value?.startsWith('"identity"') ?? false;
    return { name, type: CANONICAL_NAMES.get(full) ?? full, isIdentity };
  });
}

/** A batch, and for each statement what its row count means. */
interface Batch {
  readonly statements: readonly Sql[];
  readonly counts: readonly ("rows" | "inserted" | "updated" | undefined)[];
}

async function loadStatements(
  redshift: Redshift,
  load: RedshiftLoad,
  existing: readonly ExistingColumn[],
): Promise<Batch> {
  const { target, source, access, copyOptions } = load;
  const columns = target.columns ?? columnsFrom(target, existing);
  refuseUnknownTypes(target.columns ?? []);
  const header = await load.headerWith(columns.map(({ name }) => name));
  if (header === null && existing.length > 0) await refuseEmptying(redshift, load);
  const suffix = randomBytes(6).toString("hex");
  const staging = identifier(`dagsmith_staging_${suffix}`);
  const dialect = dialectOf(load.attributes);
  const { changes, targetColumns } = await reconcile(redshift, target, columns, existing, dialect);
  const copied = header ?? columns.map(({ name }) => name);
  const merge = mergeSteps({
    target,
    columns,
    targetColumns,
    staging,
    suffix,
    dialect,
  } satisfies MergePlan);
  const before = [
    stagingTable(staging, columns, { header, target }, dialect),
    copyStatement(staging, copied, source, access, copyOptions),
  ];
  return {
    statements: [
      ...before,
      ...changes,
      ...merge.map(({ statement }) => statement),
      sql`drop table ${staging}`,
    ],
    counts: [
      undefined,
      "rows",
      ...changes.map(() => undefined),
      ...merge.map(({ counts }) => counts),
      undefined,
    ],
  };
}

/** The types that Redshift has under the names of PostgreSQL. */
const REDSHIFT_TYPE =
  /^(smallint|integer|bigint|numeric(\(.*\))?|real|double precision|boolean|text|varchar\(\d+\)|char\(\d+\)|date|time|timetz|timestamp|timestamptz)$/;

function refuseUnknownTypes(columns: readonly Column[]): void {
  const found = columns.find(({ type }) => !REDSHIFT_TYPE.test(type));
  if (found)
    throw new FailTask(
      `Redshift has no type ${found.type} for the column "${found.name}"; load it as text, and cast it afterwards`,
    );
}

/** An object that was cut to nothing must not take the rows of a table with it. */
async function refuseEmptying(
  redshift: Redshift,
  { target, isBlank }: RedshiftLoad,
): Promise<void> {
  const { loadType, allowEmpty, schema, table } = target;
  if (allowEmpty || (loadType !== "truncate" && loadType !== "rebuild")) return;
  if (!(await isBlank())) return;
  const rows = await redshift.query(sql`select 1 as found from ${tableIdentifier(target)} limit 1`);
  if (rows.length > 0) throw emptySource(`${schema}.${table}`);
}

/**
 * The wanted columns, and those that only the CSV file has: its COPY goes by position.
 */
function stagingTable(
  staging: Sql,
  columns: readonly Column[],
  { header, target }: Pick<RedshiftLoad, "target"> & { readonly header: readonly string[] | null },
  dialect: Dialect,
): Sql {
  const others = (header ?? []).filter((name) => !columns.some((column) => column.name === name));
  const all = [...columns, ...others.map((name): Column => ({ name, type: "text" }))];
  return sql`create temporary table ${staging} (${columnList(all, target.primaryKey, dialect)})`;
}

/**
 * What must be done to the table within the batch. Columns are widened before it:
 * Redshift does not do that in a transaction.
 */
async function reconcile(
  redshift: Redshift,
  target: CheckedTarget,
  columns: readonly Column[],
  existing: readonly ExistingColumn[],
  dialect: Dialect,
): Promise<{ readonly changes: readonly Sql[]; readonly targetColumns: readonly Column[] }> {
  if (target.loadType === "rebuild") return { changes: [], targetColumns: columns };
  if (existing.length === 0) {
    const keys = primaryKeySteps(target).map(({ statement }) => statement);
    return {
      changes: [createTable({ columns, target, dialect }, target), ...keys],
      targetColumns: columns,
    };
  }
  const {
    add,
    widen,
    columns: targetColumns,
  } = reconcileColumns(`${target.schema}.${target.table}`, existing, columns);
  const alter = (action: string, { name, type }: Column, word: string): Sql =>
    sql`alter table ${tableIdentifier(target)} ${new Sql([action])} ${identifier(name)} ${new Sql([word + dialect.typeName(type)])}`;
  refuseWidening(target, widen);
  for (const column of widen) await redshift.execute(alter("alter column", column, "type "));
  return { changes: add.map((column) => alter("add column", column, "")), targetColumns };
}

function refuseWidening({ schema, table }: CheckedTarget, widen: readonly Column[]): void {
  const column = widen.find(({ type }) => type !== "text" && !type.startsWith("varchar("));
  if (!column) return;
  throw new FailTask(
    `Column "${column.name}" of ${schema}.${table} is too narrow for ${column.type}, and Redshift widens only varchar; load with loadType "rebuild".`,
  );
}

function dialectOf({ distkey, sortkey, sortType = "compound" }: RedshiftTableAttributes): Dialect {
  const quoted = (name: string): string => identifier(name.toLowerCase()).render().text;
  const sort = [sortkey ?? []].flat();
  const attributes = [
    ...(distkey ? [`distkey(${quoted(distkey)})`] : []),
    ...(sort.length > 0 ? [`${sortType} sortkey(${sort.map(quoted).join(", ")})`] : []),
  ];
  return { typeName: (type) => TYPE_NAMES[type] ?? type, tableAttributes: attributes.join(" ") };
}
