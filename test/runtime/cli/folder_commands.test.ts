import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newProject, type Project } from "../../support/cli.ts";

const ALPHA = `import { chain, dag } from "dagsmith";
const d = dag("alpha", { schedule: "@daily", startDate: "2026-01-01", timezone: "Europe/Berlin", description: "\\u001b[31mred" });
const one = d.task("one", () => 1);
const two = d.task("two", { inputs: { one }, retries: 2 }, ({ inputs }) => inputs.one + 1);
chain([one, two], d.empty("end"));
export default d;
`;
const BROKEN = `import { dag } from "dagsmith";
const d = dag("broken");
d.empty("one");
throw new Error("no way");
export default d;
`;

const TAXI = `
import { dag, partitioned, cronTrigger } from "dagsmith";
const d = dag("taxi", { schedule: {
  green: { schedule: cronTrigger("0 9 1 * *", { interval: "1 month" }) },
  yellow: { schedule: partitioned("0 10 1 * *", { offset: -1, keyFormat: "%Y-%m" }) },
} });
d.empty("load");
export default d;
`;
const UNSOUND = `
import { dag, cronTrigger } from "dagsmith";
const d = dag("unsound", { schedule: cronTrigger(["@daily", "0 0 31 2 *"]) });
d.empty("load");
export default d;
`;

let project: Project;
let taxi: Project;
let broken: Project;
beforeAll(async () => {
  project = await newProject({ "dags/alpha.ts": ALPHA });
  taxi = await newProject({ "dags/taxi.ts": TAXI, "dags/unsound.ts": UNSOUND });
  broken = await newProject({ "dags/alpha.ts": ALPHA, "dags/sub/broken.ts": BROKEN });
});
afterAll(() => Promise.all([project.remove(), taxi.remove(), broken.remove()]));

describe("dag check", () => {
  test("counts the DAGs of a sound folder and exits 0", async () => {
    const result = await project.dag(["check"]);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toBe("✔ 1 DAG, 0 errors\n");
  });

  test("names file and line of what is wrong and exits 1", async () => {
    const { code, stdout } = await broken.dag(["check"]);
    expect(code).toBe(1);
    expect(stdout).toContain("error sub/broken.ts:4: importing the file failed: no way\n");
    expect(stdout).toContain("✖ 1 DAG, 1 error");
  });

  test("names a schedule that cannot run", async () => {
    const { code, stdout } = await taxi.dag(["check"]);
    expect(code).toBe(1);
    expect(stdout).toContain('The schedule "0 0 31 2 *" is not understood: no date matches it.');
  });

  test("gives the same as one document with --json, the exit code unchanged", async () => {
    const { code, stdout } = await broken.dag(["check", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      dags: [{ dagId: "alpha", file: "alpha.ts", tasks: 3 }],
      errors: [{ file: "sub/broken.ts", line: 4, code: "IMPORT_FAILED" }],
    });
  });

  test("a folder that does not exist is an error of its own", async () => {
    const { code, stderr } = await project.dag(["check", "nowhere"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*nowhere does not exist\.\n$/);
  });
});

describe("dag list, show and next without a database", () => {
  test("list shows the folder's DAGs, and the broken files", async () => {
    const { code, stdout } = await broken.dag(["list"]);
    expect(code).toBe(0);
    expect(stdout).toContain("DAG    SCHEDULE              TASKS  FILE      DESCRIPTION");
    expect(stdout).toContain("alpha  @daily Europe/Berlin  3      alpha.ts");
    expect(stdout).toContain("error sub/broken.ts:4");
  });

  test("control characters of a DAG file do not reach the terminal", async () => {
    const { stdout } = await project.dag(["list"]);
    expect(stdout).toContain("red");
    expect(stdout).not.toContain("\u001b");
  });

  test("show draws the tree, each task once", async () => {
    const { stdout } = await project.dag(["show", "alpha"]);
    expect(stdout).toContain(
      ["└─ one", "   ├─ two  2 retries after 5 min", "   │  └─ end  empty", "   └─ end"].join("\n"),
    );
  });

  test("show --format mermaid draws a flowchart; --json is the spec", async () => {
    expect((await project.dag(["show", "alpha", "--format", "mermaid"])).stdout).toBe(
      [
        "flowchart LR",
        '  t0["one"]',
        '  t1["two"]',
        '  t2["end"]',
        "  t0 --> t1",
        "  t0 --> t2",
        "  t1 --> t2",
        "",
      ].join("\n"),
    );
    expect(await project.json(["show", "alpha"])).toMatchObject({
      dagId: "alpha",
      timezone: "Europe/Berlin",
    });
  });

  test("a misspelt id suggests the nearest name", async () => {
    const { code, stderr } = await project.dag(["show", "alhpa"]);
    expect(code).toBe(1);
    expect(stderr).toContain('Did you mean "alpha"?');
  });

  test("next lists runs in the DAG's zone, across a clock change", async () => {
    const { stdout } = await project.dag(["next", "alpha", "--from", "2026-03-28", "--count", "3"]);
    expect(stdout).toContain(
      "Sun 2026-03-29 00:00:00 +01:00  2026-03-27 23:00:00Z  2026-03-28 23:00:00Z",
    );
    expect(stdout).toContain(
      "Mon 2026-03-30 00:00:00 +02:00  2026-03-28 23:00:00Z  2026-03-29 22:00:00Z",
    );
    expect(await project.json(["next", "alpha", "--from", "2026-03-28", "--count", "1"])).toEqual([
      {
        logicalDate: "2026-03-26T23:00:00.000Z",
        dataIntervalStart: "2026-03-26T23:00:00.000Z",
        dataIntervalEnd: "2026-03-27T23:00:00.000Z",
        runAfter: "2026-03-27T23:00:00.000Z",
      },
    ]);
  });

  test("next merges the runs of several schedules in the order of time, and names partitions", async () => {
    const { stdout } = await taxi.dag([
      "next",
      "taxi",
      "--from",
      "2026-03-01T00:00Z",
      "--count",
      "3",
    ]);
    expect(stdout).toMatch(/^SCHEDULE +RUN AT \(UTC\) +INTERVAL START +INTERVAL END +PARTITION\n/);
    expect(stdout).toMatch(/^yellow +Sun 2026-03-01 10:00:00 \+00:00 .* 2026-02$/m);
    const json = await taxi.json(["next", "taxi", "--from", "2026-03-01T00:00Z", "--count", "3"]);
    expect(json).toMatchObject([
      { schedule: "green", runAfter: "2026-03-01T09:00:00.000Z" },
      { schedule: "yellow", runAfter: "2026-03-01T10:00:00.000Z", partitionKey: "2026-02" },
      { schedule: "green", runAfter: "2026-04-01T09:00:00.000Z" },
    ]);
    expect((json as unknown as object[])[0]).not.toHaveProperty("partitionKey");
  });
});
