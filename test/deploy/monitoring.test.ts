/** Alerts, dashboard and documents name the metrics that services have, and no others. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { watchFleet } from "../../runtime/observe/fleet_metrics.ts";
import { watchRuns } from "../../runtime/observe/run_metrics.ts";
import { ServiceMetrics } from "../../runtime/observe/service_metrics.ts";

const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** Every metric of dagsmith's own, by name. */
function metricNames(): readonly string[] {
  const metrics = new ServiceMetrics();
  metrics.watchPool({ totalCount: 0, idleCount: 0, waitingCount: 0 });
  metrics.watchWorker(() => ({ slots: 1, tries: 0 }));
  metrics.watchLoops(() => []);
  const away = { query: () => Promise.reject(new Error("away")) };
  watchFleet(metrics.registry, metrics.dags, away);
  watchRuns(metrics.registry, metrics.dags, away);
  return metrics.registry
    .getMetricsAsArray()
    .map(({ name }) => name)
    .filter((name) => name.startsWith("dagsmith_"));
}

const named = (text: string): readonly string[] => [
  ...new Set(
    [...text.matchAll(/dagsmith_[a-z_]+/g)].map(([name]) =>
      name.replace(/_(bucket|count|sum)$/, ""),
    ),
  ),
];

test("docs/operations.md describes every metric", () => {
  const described = named(read("docs/operations.md"));
  expect(metricNames().length).toBeGreaterThan(15);
  expect(metricNames().filter((name) => !described.includes(name))).toEqual([]);
});

test.each(["deploy/prometheus/alerts.yaml", "deploy/grafana/dagsmith.json", "docs/operations.md"])(
  "%s names no metric that does not exist",
  (path) => {
    const unknown = named(read(path)).filter((name) => !metricNames().includes(name));
    expect(unknown).toEqual([]);
  },
);

test("docs/operations.md says what to do for each alert", () => {
  const alerts = [...read("deploy/prometheus/alerts.yaml").matchAll(/alert: (\w+)/g)];
  const advised = [...read("docs/operations.md").matchAll(/^- \*\*(Dagsmith\w+)\*\*: /gm)];
  expect(alerts.length).toBeGreaterThan(5);
  expect(advised.map(([, name]) => name)).toEqual(alerts.map(([, name]) => name));
});
