/** Deploys a folder: new runs use the versions in it. */

import { createHash } from "node:crypto";
import { DagsmithError } from "../../sdk/errors.ts";
import { auditAll } from "../store/access/audit.ts";
import { currentVersions } from "../store/dags/current_version.ts";
import {
  type DeployableVersion,
  type DeployedVersion,
  deployVersions,
  lockDeployments,
  removeOthers,
  replaceImportErrors,
  type StoredImportError,
} from "../store/dags/deploy.ts";
import { deploymentOfExternalId, recordDeployment } from "../store/dags/deployment.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { changedEntry, removedEntry } from "./version_entries.ts";

export interface Deployment {
  /** Its number; null when it changed nothing, and so is not recorded. */
  readonly deployment: number | null;
  /** True when a deployment of this external id was made before: nothing changed. */
  readonly isRepeated: boolean;
  readonly deployed: readonly DeployedVersion[];
  /** DAGs that the folder no longer contains. */
  readonly removed: readonly string[];
}

/** A loaded folder. */
export interface LoadedFolder {
  readonly versions: readonly DeployableVersion[];
  readonly errors: readonly StoredImportError[];
}

export interface DeployRequest {
  readonly actor: string;
  /** What the deployer calls the deployment, such as a commit. Default: nothing. */
  readonly externalId?: string;
  readonly reason?: string;
}

/**
 * Deploys a loaded folder. New versions become current. DAGs that are gone are retired,
 * and their runs go on. A DAG whose file is broken keeps its last good version. The same
 * deployment twice changes nothing, and nor does a second one of the same external id.
 * @throws DagsmithError EXTERNAL_ID_REUSED
 */
export function deployFolder(
  db: Database,
  loaded: LoadedFolder,
  request: DeployRequest,
): Promise<Deployment> {
  return db.transaction(async (tx) => {
    await lockDeployments(tx);
    const digest = digestOf(loaded);
    return (await repeatedDeployment(tx, request, digest)) ?? deploy(tx, loaded, request, digest);
  });
}

/** What identifies the contents of a folder. */
export function digestOf({
  versions,
  errors,
}: {
  readonly versions: readonly Pick<DeployableVersion, "dagId" | "versionHash">[];
  readonly errors: readonly Pick<StoredImportError, "file">[];
}): string {
  const lines = [
    ...versions.map(({ dagId, versionHash }) => `${dagId} ${versionHash}`),
    ...errors.map(({ file }) => `error ${file}`),
  ];
  return createHash("sha256").update(lines.sort().join("\n")).digest("hex");
}

/**
 * The answer to a deployment whose external id is known; undefined for any other.
 * @throws DagsmithError EXTERNAL_ID_REUSED
 */
export async function repeatedDeployment(
  tx: Queryable,
  { externalId }: DeployRequest,
  digest: string,
): Promise<Deployment | undefined> {
  if (externalId === undefined) return undefined;
  const found = await deploymentOfExternalId(tx, externalId);
  if (!found) return undefined;
  if (found.digest !== digest)
    throw new DagsmithError("EXTERNAL_ID_REUSED", { id: externalId, deployment: found.id });
  return { deployment: found.id, isRepeated: true, deployed: [], removed: [] };
}

/** Needs the lock of deployments. */
export async function deploy(
  tx: Queryable,
  { versions, errors }: LoadedFolder,
  request: DeployRequest,
  digest: string,
): Promise<Deployment> {
  const { actor } = request;
  const [externalId, reason] = [request.externalId ?? null, request.reason ?? null];
  const was = await currentVersions(tx);
  const deployed = await deployVersions(tx, versions, externalId);
  const removed = await removeOthers(
    tx,
    versions.map(({ dagId }) => dagId),
    errors.map(({ file }) => file),
  );
  await replaceImportErrors(tx, errors);
  const changed = deployed.filter(({ isNew }) => isNew);
  const isRecorded = externalId !== null || changed.length + removed.length > 0;
  const record = { kind: "deploy", externalId, digest, restoredId: null, actor, reason } as const;
  const deployment = isRecorded ? await recordDeployment(tx, record) : null;
  const detail = {
    deployment,
    ...(externalId !== null && { externalId }),
    ...(reason !== null && { reason }),
  };
  await auditAll(tx, [
    ...changed.map((one) => changedEntry("deploy", one, { actor, detail, was })),
    ...removed.map((dagId) => removedEntry(dagId, { actor, detail, was })),
  ]);
  return { deployment, isRepeated: false, deployed, removed };
}
