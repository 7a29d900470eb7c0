/** Ten thousand DAGs due in the same minute: row 6. */

import { createDueRuns } from "../../runtime/scheduler/jobs/create_runs.ts";
import { deployVersions } from "../../runtime/store/dags/deploy.ts";
import { Plans } from "../../runtime/store/dags/plans.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { dag } from "../../sdk/index.ts";
import { atMost, type Row } from "./row.ts";
import { openStand } from "./stand.ts";

const DAGS = 10_000;

export async function scheduleRows(): Promise<readonly Row[]> {
  await using stand = await openStand();
  const versions = Array.from({ length: DAGS }, (_, index) => {
    const d = dag(`due_${index}`, { schedule: "* * * * *", startDate: "2026-01-01" });
    d.task("work", async () => undefined);
    return {
      dagId: d.dagId,
      versionHash: `${index}`,
      bundleHash: "bundle",
      file: `due_${index}.ts`,
      spec: describeDag(d),
      positions: {},
      code: Buffer.from(""),
      sourceMap: Buffer.from(""),
    };
  });
  await stand.db.transaction((tx) => deployVersions(tx, versions));
  const memoryBefore = process.memoryUsage().rss;
  const startedAt = performance.now();
  const created = await createDueRuns(stand.db, new Plans());
  const seconds = (performance.now() - startedAt) / 1_000;
  if (created !== DAGS) throw new Error(`${created} of ${DAGS} runs were created`);
  const grownMb = (process.memoryUsage().rss - memoryBefore) / 1_048_576;
  return [
    atMost(
      "10,000 DAGs due in the same minute: all runs created and begun",
      seconds,
      "s",
      1.5,
      `memory grew by ${grownMb.toFixed(0)} MB`,
    ),
  ];
}
