/** Makes another version of a DAG current: new runs use it. */
import { DagsmithError } from "../../sdk/errors.ts";
import { audit } from "../store/access/audit.ts";
import { currentVersions } from "../store/dags/current_version.ts";
import { lockDeployments } from "../store/dags/deploy.ts";
import { recordDeployment } from "../store/dags/deployment.ts";
import { pointToVersion, type VersionChoice } from "../store/dags/point.ts";
import type { Database } from "../store/database/database.ts";
import { changedEntry } from "./version_entries.ts";

export interface PointRequest {
  readonly dagId: string;
  /** Its number. Default: of a rollback the version before the current one, else the newest. */
  readonly version?: number;
  readonly actor: string;
  readonly reason?: string;
}

/**
 * Goes back to an earlier version. Active runs keep their version. The next deployment of
 * the folder makes its own version current again.
 * @returns the number of the version that is current now
 * @throws DagsmithError UNKNOWN_VERSION
 */
export const rollbackDag = (db: Database, request: PointRequest): Promise<number> =>
  pointDag(db, "rollback", request.version ?? "before", request);

/**
 * Goes to the newest version, or to the one that is named: after a rollback, for example.
 * @returns the number of the version that is current now
 * @throws DagsmithError UNKNOWN_VERSION
 */
export const promoteDag = (db: Database, request: PointRequest): Promise<number> =>
  pointDag(db, "promote", request.version ?? "newest", request);

function pointDag(
  db: Database,
  kind: "rollback" | "promote",
  choice: VersionChoice,
  { dagId, actor, ...request }: PointRequest,
): Promise<number> {
  const reason = request.reason ?? null;
  return db.transaction(async (tx) => {
    await lockDeployments(tx);
    const was = await currentVersions(tx);
    const version = await pointToVersion(tx, dagId, choice);
    if (version === undefined) throw unknownVersion(dagId, choice);
    const deployment = await recordDeployment(tx, {
      ...{ kind, externalId: null, digest: null, restoredId: null, actor, reason },
    });
    const detail = { deployment, ...(reason !== null && { reason }) };
    await audit(tx, changedEntry(kind, { dagId, version }, { actor, detail, was }));
    return version;
  });
}

function unknownVersion(dagId: string, choice: VersionChoice): DagsmithError {
  const words = { before: "before the current one", newest: "that is the newest" };
  const version = typeof choice === "number" ? choice : words[choice];
  return new DagsmithError("UNKNOWN_VERSION", { dag: dagId, version });
}
