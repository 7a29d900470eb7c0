/**
 * The operators that load an object of S3 into a table, and the one that runs SQL there:
 * on Redshift, or on a PostgreSQL in its place.
 */
import {
  FailTask,
  type FromContext,
  resolveField,
  type Sql,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import {
  checkedMode,
  checkedTarget,
  csvFormat,
  type LoadMode,
  type LoadResult,
  loadTable,
  postgresHook,
  runStatements,
} from "dagsmith/plugins/postgres";
import { copyAccess } from "./redshift_copy.ts";
import { redshiftHook } from "./redshift_hook.ts";
import { loadRedshift, type RedshiftTableAttributes } from "./redshift_load.ts";
import {
  headerOf,
  isBlank,
  openSource,
  rowsOf,
  type S3LoadFields,
  type S3Source,
} from "./s3_source.ts";

/**
 * Options of {@link s3ToRedshift}: fields, and a {@link LoadMode}; `upsert` needs a
 * `primaryKey`.
 */
export type S3ToRedshiftOptions<Context extends TaskContext> = S3LoadFields<Context> &
  LoadMode &
  RedshiftTableAttributes & {
    /**
     * Id of a connection of type `redshift`, or of type `postgres` to load there instead.
     */
    readonly redshift: FromContext<string, Context>;
    /**
     * More options of Redshift's COPY, put at its end as they are, such as
     * `"truncatecolumns"`. No value from outside belongs here.
     */
    readonly copyOptions?: readonly string[];
  };

/**
 * Loads one object of S3, JSON lines or CSV, into a table of Redshift: COPY into a
 * staging table and all that follows in one transaction. The schema and the table are
 * created, missing columns added. On a connection of type `postgres` it does the same
 * there; `distkey`, `sortkey` and `copyOptions` then mean nothing.
 *
 * Redshift reads S3 by `extra.role_arn` of the redshift connection, else of the S3
 * connection, else with the access key of the latter. A rebuilt table has the default
 * privileges of its schema: grants given to the old one alone are gone. `text` becomes
 * varchar(65535) and `numeric` numeric(38,9); of rows that are equal by primary and
 * incremental key, any one stays.
 * @returns `rows` read, `inserted`, `updated`
 * @throws DagsmithError INVALID_OPTION, at once, for an upsert without a primary key
 * @example d.task("load", s3ToRedshift({ s3: "s3", bucket: "lake", key: "issues.json", redshift: "warehouse",
 *   schema: "github", table: "issues", columns: githubColumns.issues, loadType: "upsert", primaryKey: "id", incrementalKey: "updated_at" }));
 */
export function s3ToRedshift<Context extends TaskContext>(
  options: S3ToRedshiftOptions<Context>,
): TaskBody<LoadResult, Context> {
  checkedMode("s3ToRedshift", options);
  return async function s3ToRedshift(context) {
    const warehouse = await resolveField(options.redshift, context);
    const source = await openSource(options, context);
    return (await isPostgres(context, warehouse))
      ? intoPostgres(context, warehouse, source)
      : intoRedshift(context, warehouse, source, options);
  };
}

/**
 * Options of {@link s3ToPostgres}: fields, and a {@link LoadMode}; `upsert` needs a
 * `primaryKey`.
 */
export type S3ToPostgresOptions<Context extends TaskContext> = S3LoadFields<Context> &
  LoadMode & {
    /** Id of a connection of type `postgres`. */
    readonly postgres: FromContext<string, Context>;
  };

/**
 * Loads one object of S3, JSON lines or CSV, into a table of PostgreSQL; rows stream
 * through, in one transaction.
 * @returns `rows` read, `inserted`, `updated`
 * @throws DagsmithError INVALID_OPTION, at once, for an upsert without a primary key
 * @example d.task("load", s3ToPostgres({ s3: "s3", bucket: "lake", key: "trips.csv", postgres: "lake", schema: "taxi", table: "trips",
 *   columns: [{ name: "vendor", type: "integer" }], loadType: "rebuild" }));
 */
export function s3ToPostgres<Context extends TaskContext>(
  options: S3ToPostgresOptions<Context>,
): TaskBody<LoadResult, Context> {
  checkedMode("s3ToPostgres", options);
  return async function s3ToPostgres(context) {
    const warehouse = await resolveField(options.postgres, context);
    return intoPostgres(context, warehouse, await openSource(options, context));
  };
}

export interface RedshiftSqlOptions<Context extends TaskContext> {
  /**
   * Id of a connection of type `redshift`, or of type `postgres` to run there instead.
   */
  readonly redshift: FromContext<string, Context>;
  /** One statement, or up to 40 that run in one transaction. */
  readonly sql: FromContext<Sql | readonly Sql[], Context>;
}

/**
 * Runs SQL on Redshift, or on PostgreSQL when the connection is one. Texts and dates are
 * bound; where nothing tells their type, Redshift takes them for text: put a cast around
 * them there.
 * @returns `rowCount`, the rows that the statements inserted, updated, deleted or read,
 *   together
 * @example d.task("clean", redshiftSql({ redshift: "warehouse", sql: ({ logicalDate }) => sql`delete from daily where day = ${logicalDate}` }));
 */
export function redshiftSql<Context extends TaskContext>(
  options: RedshiftSqlOptions<Context>,
): TaskBody<{ readonly rowCount: number }, Context> {
  return async function redshiftSql(context) {
    const warehouse = await resolveField(options.redshift, context);
    const statements = await resolveField(options.sql, context);
    context.rendered({ sql: statements });
    if (await isPostgres(context, warehouse))
      return runStatements(await context.hook(postgresHook(warehouse)), statements);
    const redshift = await context.hook(redshiftHook(warehouse));
    if (!Array.isArray(statements)) return redshift.execute(statements as Sql);
    const results = await redshift.batch(statements as readonly Sql[]);
    return { rowCount: results.reduce((sum, { rowCount }) => sum + rowCount, 0) };
  };
}

async function isPostgres(context: TaskContext, connectionId: string): Promise<boolean> {
  return (await context.connection(connectionId)).type === "postgres";
}

async function intoPostgres(
  context: TaskContext,
  connectionId: string,
  source: S3Source,
): Promise<LoadResult> {
  return loadTable(
    await context.hook(postgresHook(connectionId)),
    source.target,
    rowsOf(source),
    context.log,
  );
}

async function intoRedshift(
  context: TaskContext,
  connectionId: string,
  source: S3Source,
  {
    copyOptions = [],
    distkey,
    sortkey,
    sortType,
  }: RedshiftTableAttributes & { readonly copyOptions?: readonly string[] },
): Promise<LoadResult> {
  const { bucket, key, format, csv } = source;
  if (format === "parquet") refuseParquet();
  await refuseOtherObjects(source);
  const access = copyAccess(
    await context.connection(connectionId),
    await context.connection(source.s3ConnectionId),
  );
  const load = {
    target: checkedTarget(source.target),
    attributes: {
      ...(distkey && { distkey }),
      ...(sortkey && { sortkey }),
      ...(sortType && { sortType }),
    },
    source: {
      bucket,
      key,
      format,
      packing: source.encoded ? "gzip" : source.packing,
      csv: csvFormat(csv),
    },
    headerWith: (columns: readonly string[]) => headerOf(source, columns),
    isBlank: () => isBlank(source),
    ...{ access, copyOptions },
  };
  return loadRedshift(await context.hook(redshiftHook(connectionId)), load, context.log);
}

/** @throws FailTask */
function refuseParquet(): never {
  throw new FailTask(
    "s3ToRedshift() loads CSV and JSON lines only; load Parquet into PostgreSQL by s3ToPostgres().",
  );
}

/**
 * COPY takes its address for the beginning of a key, and would load `issues.json.old`
 * together with `issues.json`.
 */
async function refuseOtherObjects({ s3, bucket, key }: S3Source): Promise<void> {
  for await (const other of s3.list(bucket, key)) {
    if (other.key !== key)
      throw new FailTask(
        `COPY of s3://${bucket}/${key} would load ${other.key} too, which begins like it; rename one of them`,
      );
  }
}
