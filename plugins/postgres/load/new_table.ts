/**
 * A load into a table that does not exist. Its rows are written once: the table that
 * takes them becomes the table of the load. It has another name until the end, so that
 * another load into the same table waits only then.
 */
import { identifier, type Sql, sql, type TaskLog } from "dagsmith";
import type { PostgresSession } from "../session.ts";
import { columnsOf } from "./catalog.ts";
import { LOADS_TABLE, type MergePlan, primaryKeySteps } from "./load_sql.ts";
import { type CheckedTarget, rememberedName, type TableName } from "./load_target.ts";
import { merge } from "./merge.ts";

/** A load whose rows are in a new table. */
interface NewTable extends Omit<MergePlan, "targetColumns" | "dialect"> {
  /** How many rows it has. */
  readonly rows: number;
}

export function newTable({ schema }: TableName, suffix: string): Sql {
  return identifier(schema, `dagsmith_new_${suffix}`);
}

/**
 * Gives the new table its name. When another load has created the table meanwhile, that
 * table takes the rows.
 */
export async function nameNewTable(
  session: PostgresSession,
  plan: NewTable,
  log: TaskLog,
): Promise<{ inserted: number; updated: number }> {
  const { target, staging, rows } = plan;
  if ((await columnsOf(session, target)).length > 0) {
    const done = await merge(session, plan, log);
    await session.execute(sql`drop table ${staging}`);
    return done;
  }
  await session.execute(sql`alter table ${staging} rename to ${identifier(target.table)}`);
  for (const { statement } of primaryKeySteps(target)) await session.execute(statement);
  if (target.loadType === "append") await session.execute(remembered(target, rows));
  return { inserted: rows, updated: 0 };
}

function remembered(target: CheckedTarget, rows: number): Sql {
  return sql`insert into ${identifier(target.loadsSchema, LOADS_TABLE)} (table_name, load_id, source, row_count)
    values (${rememberedName(target)}, ${target.loadId}, ${target.source}, ${rows})`;
}
