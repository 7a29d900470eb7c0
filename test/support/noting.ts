/** A database that notes the names of its statements, in their order. */
import type { Database, Queryable } from "../../runtime/store/database/database.ts";

export function noting(db: Database, names: string[]): Database {
  const noted = (on: Queryable): Queryable => ({
    query: (statement, values) => {
      names.push(statement.name);
      return on.query(statement, values);
    },
  });
  return {
    ...db,
    query: noted(db).query,
    transaction: (work) => db.transaction((tx) => work(noted(tx))),
  };
}
