/** The differences of two versions of a DAG. */
import { describe, expect, test } from "vitest";
import { compareSpecs } from "../../../runtime/specs/compare_specs.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";

const NONE = { added: [], removed: [], changed: [] };
const before = dagSpec("d", {
  tasks: [taskSpec("a"), taskSpec("b", { upstream: ["a"] })],
  paramsSchema: { properties: { day: { type: "string" }, repo: { type: "string" } } },
});

const changed = (change: Partial<DagSpec>) => compareSpecs(before, { ...before, ...change });

test("the same graph has no difference, so only its code can differ", () => {
  expect(changed({})).toEqual({
    ...{ tasks: NONE, options: {}, edges: { added: [], removed: [] }, params: NONE, dag: [] },
  });
});

describe("names", () => {
  test("tasks and edges that come and go, while a new edge changes no task", () => {
    const tasks = [taskSpec("a"), taskSpec("c"), taskSpec("b", { upstream: ["a", "c"] })];
    expect(changed({ tasks })).toMatchObject({
      ...{ tasks: { ...NONE, added: ["c"] }, options: {} },
      edges: { added: ["c -> b"], removed: [] },
    });
    expect(changed({ tasks: [taskSpec("b")] })).toMatchObject({
      ...{ tasks: { ...NONE, removed: ["a"] }, edges: { added: [], removed: ["a -> b"] } },
    });
  });

  test("the options of tasks that differ, also one that is new", () => {
    const tasks = [
      taskSpec("a", { retries: 3, queueTimeoutMs: 1_000 }),
      taskSpec("b", { upstream: ["a"] }),
    ];
    expect(changed({ tasks })).toMatchObject({
      ...{ tasks: { ...NONE, changed: ["a"] }, options: { a: ["retries", "queueTimeoutMs"] } },
    });
  });

  test("params by their names", () => {
    const paramsSchema = { properties: { day: { type: "integer" }, host: {} } };
    expect(changed({ paramsSchema }).params).toEqual({
      ...{ added: ["host"], removed: ["repo"], changed: ["day"] },
    });
    expect(changed({ paramsSchema: null }).params).toEqual({ ...NONE, removed: ["day", "repo"] });
  });

  test("options of the DAG, such as its schedules and assets", () => {
    expect(changed({ catchup: "all", assets: { asset: "s3://lake/a" } }).dag).toEqual([
      ...["catchup", "assets"],
    ]);
  });
});
