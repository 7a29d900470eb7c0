/** Deletes what instances left that are cleared. A retry deletes XComs only. */
import type { Queryable } from "../database/database.ts";
import { clearTaskFiles } from "./task_file.ts";
import { clearXComs } from "./xcom.ts";

export async function clearValues(
  db: Queryable,
  of: readonly { readonly runId: number; readonly taskId: string; readonly mapIndex: number }[],
): Promise<void> {
  await clearXComs(db, of);
  await clearTaskFiles(db, of);
}
