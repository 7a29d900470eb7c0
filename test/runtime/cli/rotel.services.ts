/** A trace of a real deployment, as a collector that is not ours takes it. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { newProject, type Project } from "../../support/cli.ts";
import { type Collector, startCollector } from "../../support/collector.ts";
import { describeWith } from "../../support/counterpart.ts";
import { migratedDatabase } from "../../support/migrated.ts";
import { findRotel, type Rotel, startRotel } from "../../support/rotel.ts";
import { until } from "../../support/until.ts";

const TRACED = `import { dag } from "dagsmith";
const d = dag("traced");
const calls = d.task("calls", async () => void (await fetch(process.env.SERVER + "/echo")));
const fails = d.task("fails", { inputs: { calls }, retries: 1, retryDelay: "0s" }, () => { throw new Error("no"); });
export default d;
`;

describeWith("Rotel", await findRotel(), (program) => {
  const postgres = migratedDatabase();
  let rotel: Rotel;
  let server: Collector;
  let project: Project;

  beforeAll(async () => {
    [rotel, server] = await Promise.all([startRotel(program), startCollector()]);
    project = await newProject(
      { "dags/traced.ts": TRACED },
      {
        ...{ DATABASE_URL: postgres.db.url, SERVER: server.url },
        ...{ OTEL_EXPORTER_OTLP_ENDPOINT: rotel.url, OTEL_SERVICE_NAME: "night-runs" },
      },
    );
    await project.json(["deploy"]);
    for (const role of ["scheduler", "worker"]) project.start([role]);
    await project.dag(["trigger", "traced", "--wait"]);
  });
  afterAll(async () => {
    await project?.remove();
    await server?.close();
    await rotel?.stop();
  });

  it("has one trace with the run, its tries below it, and the request below its try", async () => {
    const named = (name: string) => rotel.spans().filter((span) => span.name === name);
    await until(
      "the trace",
      async () => named("traced").length > 0 && named("HTTP GET").length > 0,
    );
    const [run] = named("traced");
    const [calls] = named("calls");
    expect(run).toMatchObject({ parent: "", status: "STATUS_CODE_ERROR" });
    expect([...named("calls"), ...named("fails")].map(({ parent }) => parent)).toEqual([
      ...[run?.id, run?.id, run?.id],
    ]);
    expect(named("HTTP GET")).toMatchObject([{ trace: run?.trace, parent: calls?.id }]);
    expect(new Set(rotel.spans().map(({ trace }) => trace))).toEqual(new Set([run?.trace]));
    expect(rotel.text()).toContain("service.name: Str(night-runs)");
  });
});
