/** Files that could not be imported at the last deployment. */
import type { Queryable, Statement } from "../database/database.ts";

export interface ImportErrorRow {
  readonly file: string;
  readonly line: number | null;
  readonly code: string;
  readonly message: string;
  readonly stack: string;
  readonly happenedAt: Date;
}

const LIST: Statement = {
  name: "import_error_list",
  text: `
select file, line, code, message, stack, happened_at as "happenedAt"
from dagsmith.import_error order by happened_at desc, file limit $1`,
};

/** Import errors, newest first. @param limit null: all of them; default 100 */
export function listImportErrors(
  db: Queryable,
  limit: number | null = 100,
): Promise<readonly ImportErrorRow[]> {
  return db.query<ImportErrorRow & Record<string, unknown>>(LIST, [limit]);
}
