/**
 * Groups that have an instance, in memory: what `dag test`, and people's own tests of
 * their DAGs, see of them.
 */
import { describe, expect, test } from "vitest";
import { type DagRunEvent, runDag, runTask, taskOf } from "../../../runtime/testing/index.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { over } from "../../../sdk/task/items.ts";
import { lazy } from "../../../sdk/task/lazy.ts";
import { pick } from "../../../sdk/task/pick.ts";
import { chain } from "../../../sdk/task/wirable.ts";

const at = { logicalDate: "2026-01-01" };

/** Two elements, of which the second fails in its first try. */
function imports(retries: number) {
  const d = dag("imports");
  const repos = d.task("repos", () => ["red", "blue"]);
  const sizes = d.task("sizes", () => ({ red: 3, blue: 4 }));
  const g = d.group(
    "import",
    {
      each: over(repos).map((repo) => repo.toUpperCase()),
      retries,
      label: ({ item }) => `of ${item}`,
    },
    (g) => {
      const read = g.task(
        "read",
        { inputs: { red: pick(sizes, "red"), repos: lazy(repos) } },
        async ({ item, inputs, tryNumber }) => {
          if (item === "BLUE" && tryNumber === 1) throw new Error("not yet");
          return { item, red: inputs.red, of: (await inputs.repos.all()).length };
        },
      );
      const tidy = g.empty("tidy");
      const load = g.task(
        "load",
        { inputs: { read, red: pick(read, "red") } },
        ({ inputs, mapIndex }) => `${inputs.read.item}${inputs.red}${mapIndex}`,
      );
      chain(read, tidy);
      return { read, load };
    },
  );
  const after = d.task(
    "after",
    { inputs: { loads: g.result.load, lazily: lazy(g.result.load) }, triggerRule: "all_done" },
    async ({ inputs }) => [inputs.loads, await inputs.lazily.all()],
  );
  chain(g, after);
  return { d, read: g.result.read, load: g.result.load };
}

const shown = ({ type, ...event }: DagRunEvent): string => {
  const { taskId, mapIndex } = "task" in event ? event.task : event;
  const place = `${taskId}${mapIndex < 0 ? "" : `[${mapIndex}]`}`;
  return "task" in event
    ? `${place} ${event.task.state} ${event.task.tryNumber}`
    : `${place} ${type}${"tryNumber" in event ? ` ${event.tryNumber}` : ""}`;
};

describe("runDag of a mapped group", () => {
  test("has each instance once, as it was in the end, with the lists for those outside", async () => {
    const run = await runDag(imports(1).d, at);
    expect(run.state).toBe("success");
    expect(run.xcom("after")).toEqual([
      ["RED30", "BLUE31"],
      ["RED30", "BLUE31"],
    ]);
    expect(run.xcom("import.read")).toEqual([
      { item: "RED", red: 3, of: 2 },
      { item: "BLUE", red: 3, of: 2 },
    ]);
    const results = run.tasks.map(
      ({ taskId, mapIndex, state, label }) => `${taskId}[${mapIndex}] ${state} ${label}`,
    );
    expect(results.toSorted()).toEqual([
      "after[-1] success null",
      "import.load[0] success of RED",
      "import.load[1] success of BLUE",
      "import.read[0] success of RED",
      "import.read[1] success of BLUE",
      "import.tidy[0] success null",
      "import.tidy[1] success null",
      "import[0] success of RED",
      "import[1] success of BLUE",
      "repos[-1] success null",
      "sizes[-1] success null",
    ]);
  });

  test("reports the tries of the group, and each end of its tasks in each of them", async () => {
    const events: DagRunEvent[] = [];
    await runDag(imports(1).d, { ...at, onEvent: (event) => events.push(event) });
    const ofSecond = events.map(shown).filter((text) => text.includes("[1]"));
    expect(ofSecond).toEqual([
      "import.read[1] started 1",
      "import.read[1] failed 1",
      ...[
        "import.tidy[1] upstream_failed 1",
        "import.load[1] upstream_failed 1",
        "import[1] up_for_retry 2",
      ],
      "import[1] started 2",
      "import.read[1] started 2",
      "import.read[1] success 2",
      "import.tidy[1] success 1",
      "import.load[1] started 1",
      "import.load[1] success 1",
      "import[1] success 2",
    ]);
  });

  test("fails with an element whose tries are used up, and goes on without it where the rule allows", async () => {
    const run = await runDag(imports(0).d, at);
    expect(run.xcom("after")).toEqual([["RED30"], ["RED30"]]);
    expect(
      run.tasks.find(({ taskId, mapIndex }) => taskId === "import" && mapIndex === 1),
    ).toMatchObject({
      state: "failed",
      reason: "one of its last tasks failed",
    });
  });

  test.each([
    ["import.read", ["import", "import.read", "repos", "sizes"]],
    ["import", ["import", "import.load", "import.read", "import.tidy", "repos", "sizes"]],
  ])("of %s only runs what that needs", async (only, expected) => {
    const { tasks, state } = await runDag(imports(1).d, { ...at, only });
    expect([state, [...new Set(tasks.map(({ taskId }) => taskId))].sort()]).toEqual([
      "success",
      expected,
    ]);
  });
});

describe("runTask of a task in a mapped group", () => {
  test("gives it the element as the group's list makes it, and inputs as they are inside", async () => {
    const { d } = imports(1);
    const read = await runTask(taskOf(d, "import.read"), {
      item: "red",
      inputs: { red: 7, repos: ["a"] },
    });
    expect(read.output).toEqual({ item: "RED", red: 7, of: 1 });
    const load = await runTask(taskOf(d, "import.load"), {
      item: "red",
      inputs: { read: { item: "X", red: 1, of: 1 }, red: 1 },
    });
    expect(load.output).toBe("X10");
  });
});
