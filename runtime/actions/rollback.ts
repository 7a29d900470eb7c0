/** Makes an older version of a DAG current: new runs use it. */
import { DagsmithError } from "../../sdk/errors.ts";
import { audit } from "../store/access/audit.ts";
import { pointToVersion } from "../store/dags/deploy.ts";
import type { Database } from "../store/database/database.ts";

export interface RollbackRequest {
  readonly dagId: string;
  /** Its number; default: the version before the current one. */
  readonly version?: number;
  readonly actor: string;
}

/**
 * Active runs keep their version. The next deployment of the folder makes its own version
 * current again.
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
