/**
 * How people change a pool, a connection, a variable or a user: one at a time by its name,
 * and only from the version that the editor has read.
 */
import { DagsmithError } from "../../sdk/errors.ts";
import { lockSetting, type SettingKind } from "../store/access/setting.ts";
import type { Database, Queryable } from "../store/database/database.ts";

/** What is edited, and by whom. */
export interface Editing {
  readonly kind: SettingKind;
  readonly id: string;
  /** The version that the editor has read; 0: there must be none yet. Default: any. */
  readonly version: number | undefined;
}

interface Versioned {
  readonly version: number;
}

/**
 * Locks the name, reads the row, and changes it in the same transaction.
 * @param edit gets the row as it is before, or undefined when there is none
 * @throws DagsmithError CHANGED_MEANWHILE
 */
export function editSetting<Row extends Versioned, Result>(
  db: Database,
  { kind, id, version }: Editing,
  find: (tx: Queryable) => Promise<Row | null | undefined>,
  edit: (tx: Queryable, before: Row | undefined) => Promise<Result>,
): Promise<Result> {
  return db.transaction(async (tx) => {
    await lockSetting(tx, kind, id);
    const before = (await find(tx)) ?? undefined;
    if (version !== undefined && version !== (before?.version ?? 0))
      throw new DagsmithError("CHANGED_MEANWHILE", { kind, id });
    return edit(tx, before);
  });
}
