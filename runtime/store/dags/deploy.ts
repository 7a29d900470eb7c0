/** A deployment in one transaction: what a folder holds becomes what runs next, whole or not at all. */
import type { DagSpec, Position } from "../../../sdk/spec/index.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { columns } from "../database/unnest.ts";
import { lookAgain, registerAssets } from "../sources/asset.ts";
import { registerListeners } from "../sources/run_listener.ts";

/** A version to be deployed: what the bundler made. */
export interface DeployableVersion {
  readonly dagId: string;
  readonly versionHash: string;
  readonly bundleHash: string;
  readonly file: string;
  readonly spec: DagSpec;
  readonly positions: Readonly<Record<string, Position>>;
  readonly code: Uint8Array;
  readonly sourceMap: Uint8Array;
}

export interface DeployedVersion {
  readonly dagId: string;
  readonly version: number;
  /** False when this very version was current already. */
  readonly isNew: boolean;
}

export interface StoredImportError {
  readonly file: string;
  readonly line: number | null;
  readonly code: string;
  readonly message: string;
  readonly stack: string | null;
}

// Deployments take turns, so that two at once cannot leave a mixture of both.
const LOCK: Statement = { name: "deploy_lock", text: "select pg_advisory_xact_lock(4817003)" };

const PUT_BUNDLES: Statement = {
  name: "bundle_put",
  text: "insert into dagsmith.bundle (hash, code, source_map) select * from unnest($1::text[], $2::bytea[], $3::bytea[]) on conflict do nothing",
};

const KNOWN_BUNDLES: Statement = {
  name: "bundle_known",
  text: "select hash from dagsmith.bundle where hash = any($1)",
};

// A DAG that comes back, perhaps with the very version it had, has its schedule looked at anew.
const PUT_DAGS: Statement = {
  name: "dag_put",
  text: `
insert into dagsmith.dag (dag_id, is_paused) select * from unnest($1::text[], $2::boolean[])
on conflict (dag_id) do update set removed_at = null, next_run_after = now() where dag.removed_at is not null`,
};

const PUT_VERSIONS: Statement = {
  name: "dag_version_put",
  text: `
insert into dagsmith.dag_version (dag_id, number, hash, bundle_hash, file, spec, positions)
select v.dag_id, coalesce((select max(number) from dagsmith.dag_version o where o.dag_id = v.dag_id), 0) + 1, v.hash, v.bundle_hash, v.file, v.spec, v.positions
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::json[], $6::json[]) as v (dag_id, hash, bundle_hash, file, spec, positions)
on conflict (dag_id, hash) do nothing`,
};

// A new version may have a new schedule: due at once means that the scheduler looks at it at once.
const POINT: Statement = {
  name: "dag_point",
  text: `
with pointed as (
  select d.dag_id, v.id, v.number, d.version_id is distinct from v.id as is_new
  from unnest($1::text[], $2::text[]) as want (dag_id, hash)
  join dagsmith.dag d using (dag_id)
  join dagsmith.dag_version v on v.dag_id = want.dag_id and v.hash = want.hash
), moved as (
  update dagsmith.dag d set version_id = p.id, next_run_after = now(), at_capacity = false, schedule_error = null
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

const PUT_ERRORS: Statement = {
  name: "import_error_put",
  text: `
insert into dagsmith.import_error (file, line, code, message, stack)
select * from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[])
on conflict (file) do update
set line = excluded.line, code = excluded.code, message = excluded.message, stack = excluded.stack, happened_at = now()
where (import_error.line, import_error.code, import_error.message) is distinct from (excluded.line, excluded.code, excluded.message)`,
};

/** Stores versions that are new and makes each the current one of its DAG. */
export async function deployVersions(
  tx: Queryable,
  versions: readonly DeployableVersion[],
): Promise<readonly DeployedVersion[]> {
  await tx.query(LOCK);
  if (versions.length === 0) return [];
  await putBundles(tx, versions);
  await tx.query(
    PUT_DAGS,
    columns(versions, ({ dagId, spec }) => [dagId, spec.pausedAtCreation]),
  );
  await tx.query(
    PUT_VERSIONS,
    columns(versions, (v) => [
      v.dagId,
      v.versionHash,
      v.bundleHash,
      v.file,
      JSON.stringify(v.spec),
      JSON.stringify(v.positions),
    ]),
  );
  await registerAssets(tx, versions);
  await registerListeners(tx, versions);
  const rows = await tx.query<{ dag_id: string; number: number; is_new: boolean }>(
    POINT,
    columns(versions, ({ dagId, versionHash }) => [dagId, versionHash]),
  );
  await lookAgain(
    tx,
    rows.filter((row) => row.is_new).map((row) => row.dag_id),
  );
  return rows.map((row) => ({ dagId: row.dag_id, version: row.number, isNew: row.is_new }));
}

/** Most bundles are known already; their bytes need not travel again. */
async function putBundles(tx: Queryable, versions: readonly DeployableVersion[]): Promise<void> {
  const bundles = new Map(versions.map((version) => [version.bundleHash, version]));
  const known = await tx.query<{ hash: string }>(KNOWN_BUNDLES, [[...bundles.keys()]]);
  for (const { hash } of known) bundles.delete(hash);
  if (bundles.size === 0) return;
  await tx.query(
    PUT_BUNDLES,
    columns([...bundles.values()], ({ bundleHash, code, sourceMap }) => [
      bundleHash,
      code,
      sourceMap,
    ]),
  );
}

/**
 * Retires the DAGs that are neither in the deployment nor in a file that could not be imported. Their runs go on.
 * @returns their ids
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

/** Makes these the import errors that people see; an error that is unchanged keeps its time. */
export async function replaceImportErrors(
  tx: Queryable,
  errors: readonly StoredImportError[],
): Promise<void> {
  const byFile = [...new Map(errors.map((error) => [error.file, error])).values()];
  await tx.query(CLEAR_ERRORS, [byFile.map(({ file }) => file)]);
  if (byFile.length === 0) return;
  await tx.query(
    PUT_ERRORS,
    columns(byFile, ({ file, line, code, message, stack }) => [
      file,
      line,
      code,
      message,
      stack ?? "",
    ]),
  );
}

const POINT_TO: Statement = {
  name: "dag_point_to",
  text: `
with target as (
  select v.id, v.number from dagsmith.dag d
  join dagsmith.dag_version now_at on now_at.id = d.version_id
  join dagsmith.dag_version v on v.dag_id = d.dag_id and v.number = coalesce($2, now_at.number - 1)
  where d.dag_id = $1
)
update dagsmith.dag d set version_id = target.id, next_run_after = now(), at_capacity = false, schedule_error = null
from target where d.dag_id = $1
returning target.number`,
};

/**
 * Makes a stored version the current one.
 * @param version its number; null for the one before the current
 * @returns its number; undefined when there is none
 */
export async function pointToVersion(
  tx: Queryable,
  dagId: string,
  version: number | null,
): Promise<number | undefined> {
  const [row] = await tx.query<{ number: number }>(POINT_TO, [dagId, version]);
  if (row) await lookAgain(tx, [dagId]);
  return row?.number;
}
