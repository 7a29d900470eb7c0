/** The clock of the database: the one that rows are compared with. */
import type { Queryable, Statement } from "../database/database.ts";

const NOW: Statement = { name: "clock_now", text: "select now() as now" };

export async function databaseTime(db: Queryable): Promise<Date> {
  const [row] = await db.query<{ now: Date }>(NOW);
  if (!row) throw new Error("the database does not tell the time");
  return row.now;
}
