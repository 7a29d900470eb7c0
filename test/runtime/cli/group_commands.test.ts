/**
 * Groups that have an instance, on the command line: what is shown of them and of their
 * tasks.
 */
import type { ChildProcess } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newSecretKey } from "../../../runtime/secrets/encryption.ts";
import { newProject, type Project, stopped } from "../../support/cli.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";

const FILE = `import { chain, dag } from "dagsmith";
const d = dag("imports");
const repos = d.task("repos", () => ["red", "blue"]);
const g = d.group("import", { each: repos, retries: 1, retryDelay: "10ms", label: ({ item }) => item }, (g) => {
  const read = g.task("read", ({ item, tryNumber, log }) => {
    log.info("reading " + item);
    if (item === "blue" && tryNumber === 1) throw new Error("not yet");
    return item.length;
  });
  return g.task("load", { inputs: { read } }, ({ inputs, item }) => item + inputs.read);
});
d.task("after", { inputs: { loaded: g.result } }, ({ inputs }) => inputs.loaded.join());
export default d;
`;

let database: TestDatabase;
let project: Project;
let services: readonly ChildProcess[] = [];
let run: string;
beforeAll(async () => {
  database = await testDatabase();
  const env = { DATABASE_URL: database.url, DAG_SECRET_KEY: newSecretKey() };
  project = await newProject({ "dags/imports.ts": FILE }, env);
  await project.json(["migrate"]);
  await project.json(["deploy"]);
  services = [project.start(["scheduler"]), project.start(["worker", "--slots", "2"])];
  run = String(
    (await project.json<{ run: { id: number } }>(["trigger", "imports", "--wait"])).run.id,
  );
}, 120_000);
afterAll(async () => {
  for (const service of services) await stopped(service);
  await project.remove();
  await database.drop();
});

/** Columns of a table, as words. */
const table = (stdout: string, columns: number): readonly string[] =>
  stdout.split("\n").map((line) =>
    line
      .split(/ {2,}/)
      .slice(0, columns)
      .join(" | ")
      .replace(/[✔✖↻] /g, "")
      .trimEnd(),
  );

test("dag tasks has a row for the group and one for each of its tasks, and lists the elements of either", async () => {
  const lines = table((await project.dag(["tasks", run])).stdout, 3);
  expect(lines).toEqual(
    expect.arrayContaining([
      "import | success | 2",
      "import.read | success | 2",
      "import.load | success | 1",
      "after | success | 1",
    ]),
  );
  expect((await project.dag(["tasks", run])).stdout.match(/2 of 2 succeeded/g)).toHaveLength(3);
  const elements = table((await project.dag(["tasks", run, "--task", "import"])).stdout, 4);
  expect(
    elements.filter((line) => /^\d/.test(line)).map((line) => line.replace(/ \| (red|blue)/, "")),
  ).toEqual([
    expect.stringMatching(/^0 \| success \| 1/),
    expect.stringMatching(/^1 \| success \| 2/),
  ]);
  const reads = table((await project.dag(["tasks", run, "--task", "import.read"])).stdout, 4);
  expect(reads).toEqual(
    expect.arrayContaining(["0 | red | success | 1", "1 | blue | success | 2"]),
  );
});

test("a task of a mapped group is asked for with its element: its log, and its work once more", async () => {
  const unnamed = await project.dag(["replay", run, "import.load"]);
  expect([unnamed.code, unnamed.stderr]).toEqual([
    2,
    expect.stringContaining('"import.load" is mapped; choose an instance'),
  ]);
  const replayed = await project.dag(["replay", run, "import.load", "--map-index", "1"]);
  expect([replayed.code, replayed.stdout]).toEqual([
    0,
    expect.stringMatching(/"blue4"\n.*success import\.load\[1\] as try 1/),
  ]);
  const log = await project.dag(["logs", run, "import.read", "--map-index", "1", "--try", "1"]);
  expect(log.stdout).toContain("reading blue");
});

test("a group has no work of its own to replay", async () => {
  const { code, stderr } = await project.dag(["replay", run, "import", "--map-index", "0"]);
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('"import" is a group, which runs no code; replay one of its tasks'),
  ]);
});

test("dag test tells of the tries of a group, and its table has what its last try came to", async () => {
  const { code, stdout } = await project.dag(["test", "imports"]);
  expect(code).toBe(0);
  const told = stdout.split("\n").map((line) => line.replace(/ \d+ ms/, ""));
  expect(
    told.filter((line) => line.includes("import[1]") || line.includes("import.read[1]")),
  ).toEqual([
    "▶ import.read[1]",
    "✖ failed import.read[1] blue",
    "↻ up_for_retry import[1] blue, a retry follows",
    "▶ import[1]  try 2",
    "▶ import.read[1]  try 2",
    "✔ success import.read[1] blue",
    "✔ success import[1] blue",
    expect.stringMatching(/^import\.read\[1\] blue +✔ success +2 /),
    expect.stringMatching(/^import\[1\] blue +✔ success +2 /),
  ]);
  expect(told.filter((line) => /^import.load/.test(line))).toHaveLength(2);
});

test("dag test --task runs a task of a group with what comes before it there, and a group as a whole", async () => {
  const ran = async (task: string) => {
    const { tasks } = await project.json<{ tasks: { taskId: string }[] }>([
      "test",
      "imports",
      "--task",
      task,
    ]);
    return [...new Set(tasks.map(({ taskId }) => taskId))].sort();
  };
  expect(await ran("import.read")).toEqual(["import", "import.read", "repos"]);
  expect(await ran("import")).toEqual(["import", "import.load", "import.read", "repos"]);
  expect(await ran("after")).toEqual(["after", "import", "import.load", "import.read", "repos"]);
});
