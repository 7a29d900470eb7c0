/**
 * A real Prometheus scrapes a running deployment, and answers the dashboard and the
 * alerts.
 */
import { type ChildProcess, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newProject, output, type Project, stopped } from "../support/cli.ts";
import { describeWith } from "../support/counterpart.ts";
import { migratedDatabase } from "../support/migrated.ts";
import { findPrometheus, type Prometheus, startPrometheus } from "../support/prometheus.ts";
import { until } from "../support/until.ts";

const path = (name: string): string =>
  fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));
const RULES = path("prometheus/alerts.yaml");

const LOAD = `import { dag } from "dagsmith";
const d = dag("load");
d.task("each", { each: Array.from({ length: 500 }, (_, at) => at) }, ({ item }) => {
  if (item % 10 === 0) throw new Error("every tenth fails");
  return item;
});
export default d;
`;

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

/** The queries of the dashboard, as Grafana sends them. */
const queries = (
  JSON.parse(readFileSync(path("grafana/dagsmith.json"), "utf8")) as {
    readonly panels: readonly Panel[];
  }
).panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => [title, expr.replaceAll("$__rate_interval", "1m")] as const),
);

describeWith("Prometheus", findPrometheus(), (program) => {
  const postgres = migratedDatabase();
  let project: Project;
  let prometheus: Prometheus;
  let worker: ChildProcess;

  beforeAll(async () => {
    project = await newProject(
      { "dags/load.ts": LOAD },
      { DATABASE_URL: postgres.db.url, DAG_METRICS_PORT: "0" },
    );
    await project.json(["deploy"]);
    worker = project.start(["worker"]);
    const targets = await Promise.all(
      [project.start(["scheduler"]), worker].map(async (service) => {
        const said = await output(service, "/metrics");
        return /http:\/\/([\d.]+:\d+)/.exec(said)?.[1] ?? "";
      }),
    );
    prometheus = await startPrometheus(program, targets, RULES);
    await project.dag(["trigger", "load", "--wait"]);
  });
  afterAll(async () => {
    await prometheus?.stop();
    await project?.remove();
  });

  it("accepts the rules and the configuration", () => {
    const checked = execFileSync("promtool", ["check", "rules", RULES], { encoding: "utf8" });
    expect(checked).toMatch(/SUCCESS: \d+ rules found/);
    execFileSync("promtool", ["check", "config", path("prometheus/prometheus.yaml")]);
  });

  it("counts 500 tries, 50 of which failed", async () => {
    const sum = 'sum by (outcome) (dagsmith_try_duration_seconds_count{dag="load"})';
    const samples = await until("all tries", async () => {
      const found = await prometheus.query(sum);
      return found.reduce((total, { value }) => total + value, 0) >= 500 && found;
    });
    const counts = Object.fromEntries(samples.map(({ labels, value }) => [labels.outcome, value]));
    expect(counts).toEqual({ success: 450, failed: 50 });
  });

  it.each(queries)("answers the panel “%s”: %s", async (_, expression) => {
    // No run is active any more, so panels of active ones become empty. A refused query
    // throws.
    const isOver = /dag_runs|task_instances/.test(expression);
    await until(expression, async () => (await prometheus.query(expression)).length > 0 !== isOver);
  });

  it("alerts when no worker is alive, and not before", async () => {
    const alerts = async (): Promise<readonly string[]> =>
      (await prometheus.query("ALERTS")).map(({ labels }) => labels.alertname ?? "");
    expect(await alerts()).not.toContain("DagsmithNoWorker");
    await stopped(worker);
    await until("the alert", async () => (await alerts()).includes("DagsmithNoWorker"));
  });
});
