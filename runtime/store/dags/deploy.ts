/** A deployment in one transaction: all versions of a folder become current, or none. */
import type { DagSpec, Position } from "../../../sdk/spec/index.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { lookAgain, registerAssets } from "../sources/asset.ts";
import { registerMessageSources } from "../sources/message_source.ts";
import { registerListeners } from "../sources/run_listener.ts";
import { putFolders, type StoredFolder } from "./folder.ts";

/** A version to be deployed, as the bundler made it. */
export interface DeployableVersion {
  readonly dagId: string;
  readonly versionHash: string;
  readonly bundleHash: string;
  readonly file: string;
  readonly spec: DagSpec;
  readonly positions: Readonly<Record<string, Position>>;
  readonly code: Uint8Array;
  readonly sourceMap: Uint8Array;
  /** The folders that are part of the bundle. Default: none. */
  readonly folders?: readonly StoredFolder[];
}

export interface DeployedVersion {
  readonly dagId: string;
  readonly version: number;
  /** False when this version was already current. */
  readonly isNew: boolean;
}

export interface StoredImportError {
  readonly file: string;
  readonly line: number | null;
  readonly code: string;
  readonly message: string;
  readonly stack: string | null;
}

/** The number of the lock that a deployment holds. */
export const LOCK_NUMBER = 4_817_003;

// One deployment at a time, so that two cannot leave a mixture.
const LOCK: Statement = {
  name: "deploy_lock",
  text: `select pg_advisory_xact_lock(${LOCK_NUMBER})`,
};

const BUNDLES = rowsOf<DeployableVersion>({
  hash: ["text", ({ bundleHash }) => bundleHash],
  code: ["bytea", ({ code }) => code],
  source_map: ["bytea", ({ sourceMap }) => sourceMap],
});

const PUT_BUNDLES: Statement = {
  name: "bundle_put",
  text: `
insert into dagsmith.bundle (${BUNDLES.names}) select * from ${BUNDLES.unnest}
on conflict do nothing`,
};

const KNOWN_BUNDLES: Statement = {
  name: "bundle_known",
  text: "select hash from dagsmith.bundle where hash = any($1)",
};

const DAGS = rowsOf<DeployableVersion>({
  dag_id: ["text", ({ dagId }) => dagId],
  is_paused: ["boolean", ({ spec }) => spec.pausedAtCreation],
});

// A removed DAG that comes back is due at once, also with its old version.
const PUT_DAGS: Statement = {
  name: "dag_put",
  text: `
insert into dagsmith.dag (${DAGS.names}) select * from ${DAGS.unnest}
on conflict (dag_id) do update set removed_at = null, next_run_after = now()
where dag.removed_at is not null`,
};

const VERSIONS = rowsOf<DeployableVersion>({
  dag_id: ["text", ({ dagId }) => dagId],
  hash: ["text", ({ versionHash }) => versionHash],
  bundle_hash: ["text", ({ bundleHash }) => bundleHash],
  file: ["text", ({ file }) => file],
  spec: ["json", ({ spec }) => JSON.stringify(spec)],
  positions: ["json", ({ positions }) => JSON.stringify(positions)],
});

const PUT_VERSIONS: Statement = {
  name: "dag_version_put",
  text: `
insert into dagsmith.dag_version
  (dag_id, number, hash, bundle_hash, file, spec, positions, external_id)
select v.dag_id,
  coalesce((select max(number) from dagsmith.dag_version o where o.dag_id = v.dag_id), 0) + 1,
  v.hash, v.bundle_hash, v.file, v.spec, v.positions, $7
from ${VERSIONS.as("v")}
on conflict (dag_id, hash) do nothing`,
};

const WANTED = rowsOf<DeployableVersion>({
  dag_id: ["text", ({ dagId }) => dagId],
  hash: ["text", ({ versionHash }) => versionHash],
});

const KNOWN_VERSIONS: Statement = {
  name: "dag_version_known",
  text: `
select v.dag_id, v.hash from ${WANTED.as("want")}
join dagsmith.dag_version v on v.dag_id = want.dag_id and v.hash = want.hash`,
};

// A new version may have a new schedule, so its DAG is due at once.
const POINT: Statement = {
  name: "dag_point",
  text: `
with pointed as (
  select d.dag_id, v.id, v.number, d.version_id is distinct from v.id as is_new
  from ${WANTED.as("want")}
  join dagsmith.dag d using (dag_id)
  join dagsmith.dag_version v on v.dag_id = want.dag_id and v.hash = want.hash
), moved as (
  update dagsmith.dag d
  set version_id = p.id, next_run_after = now(), at_capacity = false, schedule_error = null
  from pointed p where d.dag_id = p.dag_id and p.is_new
)
select dag_id, number, is_new from pointed order by dag_id`,
};

const REMOVE: Statement = {
  name: "dag_remove",
  text: `
update dagsmith.dag d set removed_at = now(), next_run_after = null
from dagsmith.dag_version v
where v.id = d.version_id and d.removed_at is null and d.dag_id <> all($1) and v.file <> all($2)
returning d.dag_id`,
};

const CLEAR_ERRORS: Statement = {
  name: "import_error_clear",
  text: "delete from dagsmith.import_error where file <> all($1)",
};

const ERRORS = rowsOf<StoredImportError>({
  file: ["text", ({ file }) => file],
  line: ["int", ({ line }) => line],
  code: ["text", ({ code }) => code],
  message: ["text", ({ message }) => message],
  stack: ["text", ({ stack }) => stack ?? ""],
});

const PUT_ERRORS: Statement = {
  name: "import_error_put",
  text: `
insert into dagsmith.import_error (${ERRORS.names})
select * from ${ERRORS.unnest}
on conflict (file) do update
set line = excluded.line, code = excluded.code, message = excluded.message,
  stack = excluded.stack, happened_at = now()
where (import_error.line, import_error.code, import_error.message)
  is distinct from (excluded.line, excluded.code, excluded.message)`,
};

/** Waits until no other deployment runs; the transaction then holds the lock to its end. */
export async function lockDeployments(tx: Queryable): Promise<void> {
  await tx.query(LOCK);
}

/**
 * Stores new versions and makes each the current version of its DAG.
 * @param externalId what the deployer calls the deployment, for its new versions
 */
export async function deployVersions(
  tx: Queryable,
  versions: readonly DeployableVersion[],
  externalId: string | null = null,
): Promise<readonly DeployedVersion[]> {
  await lockDeployments(tx);
  if (versions.length === 0) return [];
  await putBundles(tx, versions);
  await tx.query(PUT_DAGS, DAGS.values(versions));
  await putVersions(tx, versions, externalId);
  await registerAssets(tx, versions);
  await registerListeners(tx, versions);
  await registerMessageSources(tx, versions);
  const rows = await tx.query<{ dag_id: string; number: number; is_new: boolean }>(
    POINT,
    WANTED.values(versions),
  );
  await lookAgain(
    tx,
    rows.filter((row) => row.is_new).map((row) => row.dag_id),
  );
  return rows.map((row) => ({ dagId: row.dag_id, version: row.number, isNew: row.is_new }));
}

/** Sends only new versions: most of them are stored already, and their specs are large. */
async function putVersions(
  tx: Queryable,
  versions: readonly DeployableVersion[],
  externalId: string | null,
): Promise<void> {
  const rows = await tx.query<{ dag_id: string; hash: string }>(
    KNOWN_VERSIONS,
    WANTED.values(versions),
  );
  const known = new Set(rows.map(({ dag_id, hash }) => `${hash} ${dag_id}`));
  const unknown = versions.filter(
    ({ dagId, versionHash }) => !known.has(`${versionHash} ${dagId}`),
  );
  if (unknown.length > 0) await tx.query(PUT_VERSIONS, [...VERSIONS.values(unknown), externalId]);
}

/** Which of the hashes are those of stored bundles. */
export async function knownBundles(
  tx: Queryable,
  hashes: readonly string[],
): Promise<ReadonlySet<string>> {
  const known = await tx.query<{ hash: string }>(KNOWN_BUNDLES, [hashes]);
  return new Set(known.map(({ hash }) => hash));
}

/** Sends only new bundles: most of them are stored already. */
async function putBundles(tx: Queryable, versions: readonly DeployableVersion[]): Promise<void> {
  const bundles = new Map(versions.map((version) => [version.bundleHash, version]));
  for (const hash of await knownBundles(tx, [...bundles.keys()])) bundles.delete(hash);
  if (bundles.size === 0) return;
  const unknown = [...bundles.values()];
  await tx.query(PUT_BUNDLES, BUNDLES.values(unknown));
  const foldersOf = ({ bundleHash, folders = [] }: DeployableVersion) =>
    folders.map(({ hash, archive }) => ({ bundleHash, hash, archive }));
  await putFolders(tx, unknown.flatMap(foldersOf));
}

/**
 * Removes the DAGs that are neither in the deployment nor in a file that could not be
 * imported. Their runs go on.
 * @returns the ids of the removed DAGs
 */
export async function removeOthers(
  tx: Queryable,
  keptDags: readonly string[],
  brokenFiles: readonly string[],
): Promise<readonly string[]> {
  return (await tx.query<{ dag_id: string }>(REMOVE, [keptDags, brokenFiles])).map(
    (row) => row.dag_id,
  );
}

/** Replaces the import errors; an unchanged error keeps its time. */
export async function replaceImportErrors(
  tx: Queryable,
  errors: readonly StoredImportError[],
): Promise<void> {
  const byFile = [...new Map(errors.map((error) => [error.file, error])).values()];
  await tx.query(CLEAR_ERRORS, [byFile.map(({ file }) => file)]);
  if (byFile.length > 0) await tx.query(PUT_ERRORS, ERRORS.values(byFile));
}
