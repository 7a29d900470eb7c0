/** Making an older version of a DAG the one that runs next. */
import { DagsmithError } from "../../sdk/errors.ts";
import { audit } from "../store/access/audit.ts";
import { pointToVersion } from "../store/dags/deploy.ts";
import type { Database } from "../store/database/database.ts";

export interface RollbackRequest {
  readonly dagId: string;
  /** Its number; default: the one before the current. */
  readonly version?: number;
  readonly actor: string;
}

/**
 * Runs in progress keep the version they began with; the next deployment of the folder makes what it holds current again.
 * @returns the number of the version that is current now
 * @throws DagsmithError UNKNOWN_VERSION
 */
export function rollbackDag(
  db: Database,
  { dagId, version, actor }: RollbackRequest,
): Promise<number> {
  return db.transaction(async (tx) => {
    const number = await pointToVersion(tx, dagId, version ?? null);
    if (number === undefined)
      throw new DagsmithError("UNKNOWN_VERSION", {
        dag: dagId,
        version: version ?? "before the current one",
      });
    await audit(tx, { actor, action: "rollback", dagId, detail: { version: number } });
    return number;
  });
}
