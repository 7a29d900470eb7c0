/** Which version of each DAG new runs use. */
import type { Queryable, Statement } from "../database/database.ts";

const CURRENT: Statement = {
  name: "dag_current_versions",
  text: `
select d.dag_id as "dagId", v.number from dagsmith.dag d
join dagsmith.dag_version v on v.id = d.version_id where d.removed_at is null`,
};

/** The numbers of the current versions, by DAG; removed DAGs have none. */
export async function currentVersions(tx: Queryable): Promise<ReadonlyMap<string, number>> {
  const found = await tx.query<{ dagId: string; number: number }>(CURRENT);
  return new Map(found.map(({ dagId, number }) => [dagId, number]));
}
