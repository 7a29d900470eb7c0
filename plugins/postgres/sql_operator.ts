/** The operator that runs SQL on PostgreSQL. */
import {
  type FromContext,
  resolveField,
  type Sql,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import { postgresHook } from "./hook.ts";
import type { PostgresSession } from "./session.ts";

export interface PostgresSqlOptions<Context extends TaskContext> {
  /** Id of a connection of type `postgres`. */
  readonly postgres: FromContext<string, Context>;
  /** One statement, or several that run in one transaction. */
  readonly sql: FromContext<Sql | readonly Sql[], Context>;
}

/**
 * Runs SQL; its values are bound, never put into the text.
 * @returns `rowCount`, the rows that the statements inserted, updated, deleted or read,
 *   together
 * @example d.task("clean", postgresSql({ postgres: "lake", sql: ({ logicalDate }) => sql`delete from trips where day < ${logicalDate}` }));
 */
export function postgresSql<Context extends TaskContext>(
  options: PostgresSqlOptions<Context>,
): TaskBody<{ readonly rowCount: number }, Context> {
  return async function postgresSql(context) {
    const postgres = await context.hook(
      postgresHook(await resolveField(options.postgres, context)),
    );
    return runSql(postgres, options.sql, context);
  };
}

/**
 * Runs the SQL of an operator's options and shows it with the try.
 * @param database of PostgreSQL, or any other that executes statements in this way
 * @example return runSql(await context.hook(postgresHook("lake")), options.sql, context);
 */
export async function runSql<Context extends TaskContext>(
  database: Transacts,
  sql: FromContext<Sql | readonly Sql[], Context>,
  context: Context,
): Promise<{ readonly rowCount: number }> {
  const statements = await resolveField(sql, context);
  context.rendered({ sql: statements });
  return runStatements(database, statements);
}

/**
 * Runs statements, a list in one transaction, and adds up their row counts.
 * @param database of PostgreSQL, or any other that executes statements in this way
 * @example const { rowCount } = await runStatements(await hook(postgresHook("lake")), [first, second]);
 */
export async function runStatements(
  database: Transacts,
  statements: Sql | readonly Sql[],
): Promise<{ readonly rowCount: number }> {
  if (!Array.isArray(statements)) return database.execute(statements as Sql);
  return database.transaction(async (session) => {
    let rowCount = 0;
    for (const statement of statements as readonly Sql[])
      rowCount += (await session.execute(statement)).rowCount;
    return { rowCount };
  });
}

type Executes = Pick<PostgresSession, "execute">;

interface Transacts extends Executes {
  transaction<Result>(work: (session: Executes) => Promise<Result>): Promise<Result>;
}
