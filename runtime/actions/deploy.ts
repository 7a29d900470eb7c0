/** Deploys a folder: new runs use the versions in it. */

import { auditAll } from "../store/access/audit.ts";
import {
  type DeployableVersion,
  type DeployedVersion,
  deployVersions,
  removeOthers,
  replaceImportErrors,
  type StoredImportError,
} from "../store/dags/deploy.ts";
import type { Database } from "../store/database/database.ts";

export interface Deployment {
  readonly deployed: readonly DeployedVersion[];
  /** DAGs that the folder no longer contains. */
  readonly removed: readonly string[];
}

/**
 * Deploys a loaded folder. New versions become current. DAGs that are gone are retired,
 * and their runs go on. A DAG whose file is broken keeps its last good version. The same
 * deployment twice changes nothing.
 */
export function deployFolder(
  db: Database,
  loaded: {
    readonly versions: readonly DeployableVersion[];
    readonly errors: readonly StoredImportError[];
  },
  { actor }: { readonly actor: string },
): Promise<Deployment> {
  return db.transaction(async (tx) => {
    const deployed = await deployVersions(tx, loaded.versions);
    const removed = await removeOthers(
      tx,
      loaded.versions.map(({ dagId }) => dagId),
      loaded.errors.map(({ file }) => file),
    );
    await replaceImportErrors(tx, loaded.errors);
    const changed = deployed.filter(({ isNew }) => isNew);
    await auditAll(tx, [
      ...changed.map(({ dagId, version }) => ({
        ...{ actor, action: "deploy", dagId, detail: { version } },
      })),
      ...removed.map((dagId) => ({ actor, action: "remove", dagId })),
    ]);
    return { deployed, removed };
  });
}
