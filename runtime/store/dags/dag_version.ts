/** Versions and their bundles. A stored one never changes, so callers may cache it. */
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { Queryable, Statement } from "../database/database.ts";

export interface VersionRow {
  readonly id: number;
  readonly dagId: string;
  readonly number: number;
  readonly bundleHash: string;
  readonly file: string;
  readonly spec: DagSpec;
}

const GET: Statement = {
  name: "dag_version_get",
  text: `
select id, dag_id, number, bundle_hash, file, spec from dagsmith.dag_version where id = any($1)`,
};

const BUNDLE: Statement = {
  name: "bundle_get",
  text: "select code, source_map from dagsmith.bundle where hash = $1",
};

/** Versions by id; unknown ids are missing. */
export async function getVersions(
  db: Queryable,
  ids: readonly number[],
): Promise<readonly VersionRow[]> {
  const rows = await db.query<{
    id: number;
    dag_id: string;
    number: number;
    bundle_hash: string;
    file: string;
    spec: DagSpec;
  }>(GET, [ids]);
  return rows.map((row) => ({
    id: row.id,
    dagId: row.dag_id,
    number: row.number,
    bundleHash: row.bundle_hash,
    file: row.file,
    spec: row.spec,
  }));
}

/** The code of a bundle, by its hash. */
export async function getBundle(
  db: Queryable,
  hash: string,
): Promise<{ readonly code: Buffer; readonly sourceMap: Buffer } | undefined> {
  const [row] = await db.query<{ code: Buffer; source_map: Buffer }>(BUNDLE, [hash]);
  return row && { code: row.code, sourceMap: row.source_map };
}
