/**
 * The plan of a statement, as PostgreSQL keeps it for a statement that runs again and
 * again.
 */
import { escapeLiteral } from "pg";
import type { Database, Queryable } from "../../runtime/store/database/database.ts";

interface PlanNode {
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** Rows of a table that a plan looked at. */
function rowsRead(node: PlanNode, table: string): number {
  const own =
    node["Relation Name"] === table
      ? (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"]
      : 0;
  return (node.Plans ?? []).reduce((sum, child) => sum + rowsRead(child, table), own);
}

function literal(value: unknown): string {
  if (value === null) return "null";
  if (value instanceof Date) return escapeLiteral(value.toISOString());
  return escapeLiteral(Array.isArray(value) ? `{${value.map(element).join()}}` : String(value));
}

function element(value: unknown): string {
  return value === null ? "null" : `"${String(value).replaceAll(/["\\]/g, "\\$&")}"`;
}

export interface ReadRows {
  /** Rows of the table that the statement read. */
  readonly read: number;
  /** Rows that the statement returned. */
  readonly shown: number;
}

/**
 * Runs the last statement of `query` under its generic plan, and undoes what it changed.
 * @param table whose rows are counted
 */
export async function readBy(
  db: Database,
  table: string,
  query: (on: Queryable) => Promise<unknown>,
): Promise<ReadRows> {
  const client = await db.pool.connect();
  let found: ReadRows = { read: 0, shown: 0 };
  try {
    await client.query("begin; set local plan_cache_mode = force_generic_plan");
    await query({
      query: async (statement, values = []) => {
        const given = values.length > 0 ? `(${values.map(literal).join(", ")})` : "";
        await client.query(`prepare shown as ${statement.text}`);
        const explained = await client.query(
          `explain (analyze, format json) execute shown ${given}`,
        );
        await client.query("deallocate shown");
        const { Plan: plan } = explained.rows[0]["QUERY PLAN"][0];
        found = { read: rowsRead(plan, table), shown: plan["Actual Rows"] };
        return [];
      },
    });
    await client.query("rollback");
  } finally {
    client.release(true);
  }
  return found;
}
