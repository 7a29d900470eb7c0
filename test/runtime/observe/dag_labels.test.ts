/** The labels of metrics stay few, however many DAGs there are. */
import { expect, test } from "vitest";
import { DagLabels, OTHER_DAGS } from "../../../runtime/observe/dag_labels.ts";
import { ServiceMetrics } from "../../../runtime/observe/service_metrics.ts";

test("a DAG beyond the limit shares one label with all others, and no label changes", () => {
  const labels = new DagLabels(2);
  const asked = ["a", "b", "c", "a", "d", "c", "b"];
  expect(asked.map((id) => labels.of(id))).toEqual([
    "a",
    "b",
    OTHER_DAGS,
    "a",
    OTHER_DAGS,
    OTHER_DAGS,
    "b",
  ]);
});

test("10,000 DAGs make 501 series of tries at most, and no try is missing", async () => {
  const metrics = new ServiceMetrics();
  for (let dag = 0; dag < 10_000; dag++)
    metrics.tryEnded({ dagId: `dag_${dag}`, outcome: "success", seconds: 1 });
  const counts = (await metrics.registry.metrics())
    .split("\n")
    .filter((line) => line.startsWith("dagsmith_try_duration_seconds_count"))
    .map((line) => Number(line.split(" ").at(-1)));
  expect(counts).toHaveLength(501);
  expect(counts.reduce((a, b) => a + b, 0)).toBe(10_000);
});
