/**
 * Restores a deployment: all DAGs get the versions that were current after it. What it
 * did not have is removed.
 */
import { DagsmithError } from "../../sdk/errors.ts";
import { auditAll } from "../store/access/audit.ts";
import { currentVersions } from "../store/dags/current_version.ts";
import { lockDeployments } from "../store/dags/deploy.ts";
import {
  type DeploymentRow,
  deploymentBefore,
  findDeployment,
  latestDeploymentId,
  lostVersions,
  newestDeployment,
  type RestoredDag,
  recordDeployment,
  restoreVersions,
  type WhichDeployment,
} from "../store/dags/deployment.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { lookAgain } from "../store/sources/asset.ts";
import { changedEntry, removedEntry } from "./version_entries.ts";

export interface RestoreRequest {
  /** Default: of a rollback the one before the current one, else the newest. */
  readonly which?: WhichDeployment;
  /** The newest deployment when the person saw what would change. Default: any. */
  readonly latest?: number;
  readonly actor: string;
  readonly reason?: string;
}

export interface Restored {
  /** The number of the deployment that was restored. */
  readonly restored: number;
  readonly externalId: string | null;
  readonly changed: readonly RestoredDag[];
  readonly removed: readonly string[];
}

/**
 * Goes back to an earlier deployment. Active runs keep their versions.
 * @throws DagsmithError UNKNOWN_DEPLOYMENT, DEPLOYMENT_PRUNED, DEPLOYED_MEANWHILE
 */
export const rollbackDeployment = (db: Database, request: RestoreRequest): Promise<Restored> =>
  restore(db, "rollback", request);

/**
 * Goes to the newest deployment, or to the one that is named: after a rollback, for
 * example.
 * @throws DagsmithError UNKNOWN_DEPLOYMENT, DEPLOYMENT_PRUNED, DEPLOYED_MEANWHILE
 */
export const promoteDeployment = (db: Database, request: RestoreRequest): Promise<Restored> =>
  restore(db, "promote", request);

type Kind = "rollback" | "promote";

function restore(db: Database, kind: Kind, request: RestoreRequest): Promise<Restored> {
  return db.transaction(async (tx) => {
    await lockDeployments(tx);
    await refuseOther(tx, request.latest);
    const { id, externalId } = await deploymentToRestore(tx, kind, request.which);
    const was = await currentVersions(tx);
    const { restored: changed, removed } = await restoreVersions(tx, id);
    await lookAgain(
      tx,
      changed.map(({ dagId }) => dagId),
    );
    const restored = { restored: id, externalId, changed, removed };
    await record(tx, kind, request, restored, was);
    return restored;
  });
}

/** What a person saw before holds only while no deployment came since. */
async function refuseOther(tx: Queryable, latest: number | undefined): Promise<void> {
  if (latest === undefined) return;
  const found = await latestDeploymentId(tx);
  if (found !== latest) throw new DagsmithError("DEPLOYED_MEANWHILE", { found: found ?? 0 });
}

/**
 * A deployment of which all versions are kept.
 * @throws DagsmithError UNKNOWN_DEPLOYMENT, DEPLOYMENT_PRUNED
 */
export const restorableDeployment = (
  db: Queryable,
  which: WhichDeployment,
): Promise<DeploymentRow> => deploymentToRestore(db, "rollback", which);

/**
 * The deployment that a rollback or a promotion goes to.
 * @throws DagsmithError UNKNOWN_DEPLOYMENT, DEPLOYMENT_PRUNED
 */
async function deploymentToRestore(
  db: Queryable,
  kind: Kind,
  which: WhichDeployment | undefined,
): Promise<DeploymentRow> {
  const found = await (which === undefined ? byDefault(db, kind) : findDeployment(db, which));
  if (!found)
    throw new DagsmithError("UNKNOWN_DEPLOYMENT", {
      which: which ? nameOf(which) : BY_DEFAULT[kind],
    });
  const lost = await lostVersions(db, found.id);
  if (lost > 0) throw new DagsmithError("DEPLOYMENT_PRUNED", { deployment: found.id, lost });
  return found;
}

/** The deployment that is restored when the request names none. */
const BY_DEFAULT = { rollback: "before the current one", promote: "of a folder" } as const;

const nameOf = (which: WhichDeployment): string | number => ("id" in which ? which.id : which.name);

const byDefault = (db: Queryable, kind: Kind): Promise<DeploymentRow | undefined> =>
  kind === "rollback" ? deploymentBefore(db) : newestDeployment(db);

async function record(
  tx: Queryable,
  kind: Kind,
  request: RestoreRequest,
  { restored: restoredId, changed, removed }: Restored,
  was: ReadonlyMap<string, number>,
): Promise<void> {
  const { actor } = request;
  const reason = request.reason ?? null;
  const deployment = await recordDeployment(tx, {
    ...{ kind, externalId: null, digest: null, restoredId, actor, reason },
  });
  const detail = { deployment, restored: restoredId, ...(reason !== null && { reason }) };
  await auditAll(tx, [
    ...changed.map((one) => changedEntry(kind, one, { actor, detail, was })),
    ...removed.map((dagId) => removedEntry(dagId, { actor, detail, was })),
  ]);
}
