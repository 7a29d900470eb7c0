/** DAGs that another machine describes: the SDK's fit the schema, and wrong ones do not. */
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { specProblem } from "../../../runtime/specs/check_spec.ts";
import { dagSpec } from "../../../runtime/specs/dag_spec.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { dag, dagRun, messages, postgresChanges, webhook } from "../../../sdk/index.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import * as rows from "../../support/rows.ts";

const FOLDER = new URL("../../../dags/", import.meta.url);

async function exampleSpecs(): Promise<readonly DagSpec[]> {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".ts"));
  const modules = await Promise.all(files.map((name) => import(new URL(name, FOLDER).href)));
  return modules.flatMap((one) => [one.default].flat()).map((one) => describeDag(one));
}

/** As it comes out of a request. */
const sent = (spec: object): unknown => JSON.parse(JSON.stringify(spec));

test("each example fits, and no field of it is lost", async () => {
  const specs = await exampleSpecs();
  expect(specs.length).toBeGreaterThan(10);
  for (const spec of specs) {
    expect(dagSpec.parse(sent(spec))).toEqual(sent(spec));
    expect(specProblem(spec)).toBeNull();
  }
});

test("each event source fits with the schema of its events", () => {
  const when = z.object({ kind: z.literal("full") });
  const on = [
    dagRun({ dag: "load", when: z.object({ params: when }) }),
    postgresChanges({
      connection: "shop",
      table: "orders",
      when: z.object({ operation: z.literal("insert") }),
    }),
    messages({ queue: "kafka", connection: "events", when: z.object({ value: when }) }),
    webhook({ secret: "key", when: z.object({ body: when }) }),
  ];
  const listens = dag("listens", { on });
  listens.empty("t");
  const spec = describeDag(listens);
  expect(spec.on.map((source) => Object.keys(source))).toEqual(
    Array(4).fill(expect.arrayContaining(["when"])),
  );
  expect(dagSpec.parse(sent(spec))).toEqual(sent(spec));
});

const good = rows.dagSpec("d");
const task = rows.taskSpec("t");
const withTask = (change: object) => ({ ...good, tasks: [{ ...task, ...change }] });

describe("is refused", () => {
  test.each<readonly [string, object]>([
    ["a field that no DAG has", { ...good, code: "process.exit()" }],
    ["a missing field", { ...good, timezone: undefined }],
    ["a text in place of a number", { ...good, maxActiveRuns: "16" }],
    ["a negative number of runs", { ...good, maxActiveRuns: -1 }],
    ["more failures than an integer counts", { ...good, maxConsecutiveFailedDagRuns: 2 ** 31 }],
    ["an id that is a path", { ...good, dagId: "../d" }],
    ["a text with NUL", { ...good, description: "a\u0000b" }],
    ["an unknown trigger rule", withTask({ triggerRule: "sometimes" })],
    [
      "an unknown kind of schedule",
      { ...good, schedules: [{ name: "", params: {}, schedule: { type: "moon" } }] },
    ],
    ["a condition that is neither asset nor list", { ...good, assets: { every: [] } }],
    ["a list of a mapped task of an unknown form", withTask({ each: { rows: [] } })],
    ["a wait of an unknown kind", withTask({ wait: { type: "luck" } })],
  ])("%s", (_what, spec) => {
    expect(dagSpec.safeParse(good).success).toBe(true);
    expect(dagSpec.safeParse(sent(spec)).success).toBe(false);
  });
});

describe("is a problem", () => {
  const groups = [{ groupId: "g", parent: null, doc: null }];
  test.each<readonly [string, DagSpec, RegExp]>([
    ["a task that comes twice", { ...good, tasks: [task, task] }, /"t" comes twice/],
    ["a circle of tasks", { ...good, tasks: [{ ...task, upstream: ["t"] }] }, /before "t"/],
    ["an input of no task", { ...good, tasks: [{ ...task, inputs: { a: "x" } }] }, /before "x"/],
    ["a group that comes twice", { ...good, groups: [...groups, ...groups] }, /"g" comes twice/],
    [
      "a group before the group around it",
      { ...good, groups: [{ groupId: "a.b", parent: "a", doc: null }] },
      /"a\.b" comes before the group around it/,
    ],
    ["a task of no group", { ...good, tasks: [{ ...task, group: "g" }] }, /"g" of the task "t"/],
  ])("%s", (_what, spec, message) => {
    expect(specProblem(spec)).toMatch(message);
    expect(specProblem(good)).toBeNull();
  });
});
