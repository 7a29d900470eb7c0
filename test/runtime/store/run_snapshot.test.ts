/** The facts of runs as a worker keeps them. */

import { expect, test } from "vitest";
import { z } from "zod";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { RunSnapshotCache } from "../../../runtime/store/runs/run_snapshot.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { known, migratedDatabase } from "../../support/migrated.ts";

const postgres = migratedDatabase();

test("the params of a run are reported once, whether a try or a callback needs them first", async () => {
  const d = dag("secretive", { params: z.object({ apiToken: z.string() }) });
  d.empty("only");
  await known(postgres.db, describeDag(d));
  const params = { apiToken: "t0pSecret" };
  const { id } = await triggerRun(postgres.db, { dagId: "secretive", params, actor: "ann" });
  const reported: unknown[] = [];
  const cache = new RunSnapshotCache(new Plans(), (run) => void reported.push(run.params));
  for (let time = 0; time < 3; time += 1) await cache.get(postgres.db, [{ id, generation: 0 }]);
  expect(reported).toEqual([params]);
});
