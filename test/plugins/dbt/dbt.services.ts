/** dbt itself, from PyPI, on a PostgreSQL. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dag, folder } from "dagsmith";
import { type DbtOptions, type DbtResult, dbt, dbtTasks } from "dagsmith/plugins/dbt";
import { runDag } from "dagsmith/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { describeWith } from "../../support/counterpart.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { findPyPI } from "../../support/python_packages.ts";

const project = folder("./taxi", { exclude: ["target", "logs"] });

/** Installing dbt takes a minute on a fast network. */
const PATIENT = { timeout: 550_000 };

describeWith("dbt from PyPI", await findPyPI("dbt-postgres==1.9.0"), () => {
  const postgres = migratedDatabase();
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "dbt-test-"));
  });
  // Each test ends with the environment as it was.
  beforeEach(() => void vi.stubEnv("HOME", home));
  afterAll(async () => {
    await rm(home, { recursive: true, force: true });
  });

  const build = (options: Partial<DbtOptions> = {}, retries = 0) => {
    const d = dag("taxi");
    const body = dbt({ project, connection: "warehouse", schema: "taxi", ...options });
    d.task("build", { retries, retryDelay: "0s" }, body);
    const log: string[] = [];
    const run = runDag(d, {
      connections: { warehouse: postgres.db.url },
      onEvent: (event) => event.type === "log" && log.push(`${event.level} ${event.text}`),
    });
    return run.then((done) => ({ ...done, log, task: done.tasks[0]! }));
  };

  it(
    "builds seeds and models, runs their tests, and says what became of each",
    PATIENT,
    async () => {
      const { task, log, files, state } = await build();
      expect({ state, error: task.error }).toEqual({ state: "success", error: null });
      const { results } = task.output as { results: { node: string; status: string }[] };
      expect(
        results.map(({ node, status }) => [node.split(".").slice(0, 3).join("."), status]),
      ).toEqual(
        expect.arrayContaining([
          ["seed.taxi.zones", "success"],
          ["model.taxi.trips", "success"],
          ["model.taxi.boroughs", "success"],
        ]),
      );
      // Three of the data, and one of the model.
      expect(results.filter(({ status }) => status === "pass")).toHaveLength(4);
      expect(files.map(({ ref }) => ref.name)).toEqual(["run_results.json", "manifest.json"]);
      expect(log.join("\n")).toMatch(/^info .*taxi\.boroughs/m);
      const built = await rows(
        postgres.db,
        "select borough, fare::int from taxi.boroughs order by 1",
        [],
      );
      expect(built).toEqual([
        { borough: "Bronx", fare: 20 },
        { borough: "Queens", fare: 10 },
      ]);
    },
  );

  it("tells failed tests from failed models", PATIENT, async () => {
    const failed = (await build({ vars: { fare: 11 } })).task.error;
    expect(failed).toMatchObject({ name: "DbtError" });
    expect(failed?.message).toMatch(/^1 of its nodes did not pass: test\.taxi\.accepted_values/);
    const broken = (await build({ vars: { broken: true } })).task.error;
    expect(broken?.message).toMatch(
      /^1 of its nodes cannot be built: model\.taxi\.boroughs .*no_such_table/s,
    );
  });

  it("a retry works only on what failed, and selection is kept", PATIENT, async () => {
    const { task, log } = await build({ vars: { broken: true } }, 1);
    expect(task.tryNumber).toBe(2);
    const second = log.slice(log.findLastIndex((line) => line.includes("Running with dbt")));
    expect(second.join("\n")).toContain("taxi.boroughs");
    expect(second.join("\n")).not.toContain("taxi.trips");
  });

  it(
    "a database that cannot be reached and a wrong command fail with dbt's own words",
    PATIENT,
    async () => {
      const { task } = await build({ command: "no_such_command" });
      expect(task.error?.message).toContain("No such command");
    },
  );

  describe("a task for each model", () => {
    const manifestOf = async (): Promise<unknown> => {
      const { task, files } = await build({ command: "compile" });
      expect(task.error).toBeNull();
      const manifest = files.find(({ ref }) => ref.name === "manifest.json");
      return JSON.parse(await manifest!.text());
    };
    const runTasks = (manifest: unknown, vars = {}) => {
      const d = dag("taxi");
      const connection = "warehouse";
      dbtTasks(d, { project, manifest, connection, vars, schema: "tasks", threads: 1 });
      return runDag(d, { connections: { warehouse: postgres.db.url } });
    };

    it("builds each model after the tests of what it reads", PATIENT, async () => {
      const manifest = await manifestOf();
      const done = await runTasks(manifest);
      expect(done.tasks.map(({ taskId, error }) => [taskId, error])).toEqual(
        expect.arrayContaining([
          ["dbt.zones", null],
          ["dbt.trips", null],
          ["dbt.trips_test", null],
          ["dbt.marts.boroughs", null],
          ["dbt.marts.fares_test", null],
        ]),
      );
      const unit = done.xcom("dbt.marts.fares_test") as DbtResult;
      expect(unit.results).toMatchObject([
        { node: "unit_test.taxi.fares.fares_are_summed", status: "pass" },
      ]);
      const tested = done.xcom("dbt.trips_test") as DbtResult;
      expect(tested.results.map(({ status }) => status)).toEqual(["pass", "pass", "pass"]);
      const [made] = await rows(postgres.db, "select count(*)::int from tasks.boroughs", []);
      expect(made).toEqual({ count: 2 });
      const states = (await runTasks(manifest, { fare: 11 })).tasks.map(({ taskId, state }) => [
        taskId,
        state,
      ]);
      expect(states).toEqual(
        expect.arrayContaining([
          ["dbt.trips_test", "failed"],
          ["dbt.marts.boroughs", "upstream_failed"],
        ]),
      );
    });

    it("fails a task of a model that the project has no more", PATIENT, async () => {
      const text = JSON.stringify(await manifestOf()).replaceAll("zones", "regions");
      const done = await runTasks(JSON.parse(text));
      expect(done.tasks.find(({ taskId }) => taskId === "dbt.regions")?.error).toMatchObject({
        name: "FailTask",
        message: expect.stringContaining("run dbt parse, and deploy the DAG again"),
      });
    });
  });
});
