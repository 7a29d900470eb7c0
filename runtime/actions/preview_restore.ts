/** What going to another deployment would change, before it does. */
import type { WhichDeployment } from "../store/dags/deployment.ts";
import type { Database } from "../store/database/database.ts";
import { listVersionsOf } from "../store/reads/deployments.ts";
import { type DeploymentPreview, previewDeployment } from "./preview_deployment.ts";
import { restorableDeployment } from "./restore.ts";

/**
 * Tells what a rollback or a promotion to a deployment would change. Nothing is written.
 * @throws DagsmithError UNKNOWN_DEPLOYMENT, DEPLOYMENT_PRUNED
 */
export async function previewRestore(
  db: Database,
  which: WhichDeployment,
): Promise<DeploymentPreview> {
  const { id } = await restorableDeployment(db, which);
  return previewDeployment(db, { versions: await listVersionsOf(db, id), errors: [] });
}
