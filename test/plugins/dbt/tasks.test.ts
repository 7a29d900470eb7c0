/** Tasks from a manifest of dbt, without dbt. */
import { dag, folder } from "dagsmith";
import { dbtTasks } from "dagsmith/plugins/dbt";
import { expect, test } from "vitest";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";

const project = folder("./taxi", { exclude: ["target", "logs"] });

interface Node {
  readonly type: string;
  /** Its folders and its name, joined by dots. */
  readonly path: string;
  readonly reads?: readonly string[];
  readonly materialized?: string;
}

/** What dbt writes of nodes, as far as it counts here; by their ids. */
function manifestOf(all: Readonly<Record<string, Node>>): unknown {
  const made = Object.entries(all).map(
    ([id, { type, path, reads = [], materialized = "table" }]) => {
      const fqn = ["taxi", ...path.split(".")];
      const name = fqn.at(-1);
      return [
        id,
        {
          ...{ name, fqn, resource_type: type, config: { materialized } },
          original_file_path: `${type}s/${path.replaceAll(".", "/")}.sql`,
          depends_on: { nodes: reads },
        },
      ];
    },
  );
  const [tests, nodes] = [made.filter(isUnitTest), made.filter((one) => !isUnitTest(one))];
  return { nodes: Object.fromEntries(nodes), unit_tests: Object.fromEntries(tests) };
}

function isUnitTest([id]: readonly unknown[]): boolean {
  return String(id).startsWith("unit_test.");
}

/** The tasks by id, each with what it waits for. */
function upstream(nodes: Readonly<Record<string, Node>>): unknown {
  const d = dag("taxi");
  dbtTasks(d, { project, manifest: manifestOf(nodes), connection: "warehouse" });
  const { tasks } = describeDag(d);
  return Object.fromEntries(tasks.map(({ taskId, upstream }) => [taskId, upstream]));
}

test.each([
  ["no object", null],
  ["another document", { metadata: {} }],
  ["nodes without a name", { nodes: { "model.a.b": { resource_type: "model" } } }],
])("what is no manifest is refused with what makes one: %s", (_, manifest) => {
  expect(() => dbtTasks(dag("d"), { project, manifest, connection: "w" })).toThrow(
    /its manifest is not one of dbt\. Make it with `dbt parse`/,
  );
});

test("models wait for seeds and for the tests of what they read, in a group for each folder", () => {
  expect(
    upstream({
      "seed.taxi.zones": { type: "seed", path: "zones" },
      "model.taxi.trips": { type: "model", path: "staging.trips" },
      "model.taxi.boroughs": {
        ...{ type: "model", path: "marts.core.boroughs" },
        reads: ["model.taxi.trips", "seed.taxi.zones", "source.taxi.raw"],
      },
      "test.taxi.unique": { type: "test", path: "unique", reads: ["model.taxi.trips"] },
      "test.taxi.not_null": { type: "test", path: "not_null", reads: ["model.taxi.trips"] },
      "unit_test.taxi.boroughs.fares": {
        ...{ type: "unit_test", path: "marts.core.boroughs.fares" },
        reads: ["model.taxi.boroughs"],
      },
    }),
  ).toEqual({
    "dbt.zones": [],
    "dbt.staging.trips": [],
    "dbt.staging.trips_test": ["dbt.staging.trips"],
    "dbt.marts.core.boroughs": expect.arrayContaining(["dbt.staging.trips_test", "dbt.zones"]),
    "dbt.marts.core.boroughs_test": ["dbt.marts.core.boroughs"],
  });
});

test("an ephemeral model is no task, and what reads it waits for what it reads", () => {
  expect(
    upstream({
      "seed.taxi.zones": { type: "seed", path: "zones" },
      "model.taxi.named": {
        ...{ type: "model", path: "named", materialized: "ephemeral" },
        reads: ["seed.taxi.zones"],
      },
      "model.taxi.report": { type: "model", path: "report", reads: ["model.taxi.named"] },
    }),
  ).toEqual({ "dbt.zones": [], "dbt.report": ["dbt.zones"] });
});

test("a test of several models comes behind all of them, and holds none up", () => {
  expect(
    upstream({
      "model.taxi.a": { type: "model", path: "a" },
      "model.taxi.b": { type: "model", path: "b" },
      "model.taxi.c": { type: "model", path: "c", reads: ["model.taxi.a", "model.taxi.b"] },
      "test.taxi.same": { type: "test", path: "same", reads: ["model.taxi.b", "model.taxi.a"] },
    }),
  ).toEqual({
    "dbt.a": [],
    "dbt.b": [],
    "dbt.c": expect.arrayContaining(["dbt.a", "dbt.b"]),
    "dbt.shared_test_1": expect.arrayContaining(["dbt.a", "dbt.b"]),
  });
});

test("the group is wired as any group, and its tasks take the defaults", () => {
  const d = dag("taxi");
  const manifest = manifestOf({ "model.taxi.a": { type: "model", path: "a" } });
  const models = dbtTasks(d, {
    ...{ project, manifest, connection: "warehouse", group: "models" },
    defaults: { retries: 2 },
  });
  models.after(d.empty("load"));
  d.task("report", { inputs: { a: models.result["model.taxi.a"]! } }, ({ inputs }) =>
    inputs.a.results.map(({ status }) => status),
  );
  const tasks = describeDag(d).tasks.map(({ taskId, upstream, retries }) => [
    taskId,
    upstream,
    retries,
  ]);
  expect(tasks).toEqual([
    ["load", [], 0],
    ["models.a", ["load"], 2],
    ["report", ["models.a"], 0],
  ]);
});
