/**
 * Reads for a person who waits for a page. The pool of a worker waits for a lost server
 * to return. A page must say within seconds that the server is lost, and work again with
 * the next request.
 */
import { DagsmithError } from "../../../sdk/errors.ts";
import { type Database, isTransient, type Queryable } from "../database/database.ts";

/**
 * Longest wait for one statement before the page says that the database does not answer.
 */
const READ_DEADLINE_MS = 5_000;

/**
 * The database for pages.
 * @returns a Queryable whose statements fail with DagsmithError DATABASE_AWAY when the
 *   server is lost, or does not answer within {@link READ_DEADLINE_MS}
 */
export function pageReader(db: Database, deadlineMs: number = READ_DEADLINE_MS): Queryable {
  return {
    query: async (statement, values = []) => {
      const asked = db.pool.query({
        name: statement.name,
        text: statement.text,
        values: [...values],
      });
      try {
        return (await withDeadline(asked, deadlineMs)).rows;
      } catch (error) {
        throw isTransient(error)
          ? new DagsmithError(
              "DATABASE_AWAY",
              { reason: "the connection failed" },
              { cause: error },
            )
          : error;
      }
    },
  };
}

async function withDeadline<Value>(work: Promise<Value>, deadlineMs: number): Promise<Value> {
  // An error of the statement after the deadline is ignored, and must not end the
  // process.
  work.catch(() => undefined);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      late.reject(new DagsmithError("DATABASE_AWAY", { reason: `no answer in ${deadlineMs} ms` })),
    deadlineMs,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
