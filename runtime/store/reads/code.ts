/** The code of a DAG's versions, for people who read it. */
import type { Queryable, Statement } from "../database/database.ts";

/** Versions that the page offers to choose from. */
const OFFERED = 50;

export interface OfferedVersion {
  readonly number: number;
  readonly createdAt: Date;
  readonly isCurrent: boolean;
}

const VERSIONS: Statement = {
  name: "code_versions",
  text: `
select v.number, v.created_at as "createdAt", coalesce(v.id = d.version_id, false) as "isCurrent"
from dagsmith.dag_version v join dagsmith.dag d using (dag_id)
where dag_id = $1 order by v.number desc limit ${OFFERED}`,
};

const CODE: Statement = {
  name: "code_of_version",
  text: `
select v.file, b.source_map as "sourceMap"
from dagsmith.dag_version v join dagsmith.bundle b on b.hash = v.bundle_hash
where v.dag_id = $1 and v.number = $2`,
};

/** The newest versions of a DAG, newest first. */
export function listOfferedVersions(
  db: Queryable,
  dagId: string,
): Promise<readonly OfferedVersion[]> {
  return db.query<OfferedVersion & Record<string, unknown>>(VERSIONS, [dagId]);
}

/** The DAG's file and the source map of one version, as text. */
export async function getCode(
  db: Queryable,
  dagId: string,
  version: number,
): Promise<{ readonly file: string; readonly sourceMap: string } | undefined> {
  const [row] = await db.query<{ file: string; sourceMap: Buffer }>(CODE, [dagId, version]);
  return row && { file: row.file, sourceMap: row.sourceMap.toString("utf8") };
}
