import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newProject, type Project } from "../../support/cli.ts";

const files = {
  "dags/sum.ts": `import { dag } from "dagsmith";
import { z } from "zod";
const d = dag("sum", { params: z.object({ from: z.number().default(1) }) });
const one = d.task("one", ({ params, log }) => { log.info("from", params.from); return params.from; });
const two = d.task("two", { inputs: { one } }, ({ inputs }) => inputs.one + 1);
d.task("other", () => 0);
export default d;
`,
  "dags/faulty.ts": `import { dag, FailTask } from "dagsmith";
import { check } from "./lib/check.ts";
const d = dag("faulty");
const bad = d.task("bad", () => check(0));
const after = d.task("after", { inputs: { bad } }, () => 1);
export default d;
`,
  "dags/lib/check.ts": `// A line before.
export function check(value: number): number {
  if (value === 0) throw new Error("zero is not allowed");
  return value;
}
`,
  "dags/noisy.ts": `import { dag } from "dagsmith";
const d = dag("noisy");
d.task("say", async ({ connection, variable, log }) => {
  const { password } = await connection("lake");
  console.log("console: " + password);
  process.stdout.write("split " + password?.slice(0, 4));
  process.stdout.write(password?.slice(4) + "\\n");
  console.error("stderr: " + Buffer.from("etl:" + password).toString("base64"));
  log.warn("log: " + password + " " + (await variable("api_token")));
  throw new Error("failed with " + password);
});
export default d;
`,
  "dags/lingering.ts": `import { createServer } from "node:net";
import { dag } from "dagsmith";
const d = dag("lingering");
d.task("listen", () => { createServer().listen(0); setInterval(() => undefined, 1000); return 1; });
export default d;
`,
  "dags/stray.ts": `import { dag } from "dagsmith";
const d = dag("stray");
const later = (text: string): void => void Promise.reject(new Error(text));
const first = d.task("first", async () => { later("nothing waits for it"); await new Promise(() => undefined); });
const timer = d.task("timer", { triggerRule: "all_done" }, async () => { setTimeout(() => { throw new Error("from a timer"); }, 1); await new Promise(() => undefined); });
first.before(timer);
d.task("fine", () => 1);
export default d;
`,
  "dags/wrong_schedule.ts": `import { dag } from "dagsmith";

const d = dag("wrong_schedule", { schedule: undefined as never, startDate: "yesterday" });
d.task("t", () => 1);
export default d;
`,
  "dags/wrong_option.ts": `import { dag } from "dagsmith";
const d = dag("wrong_option");
d.task("t", { retrys: 1 } as never, () => 1);
export default d;
`,
  "dags/throws.ts": `import { dag } from "dagsmith";
import { check } from "./lib/check.ts";
const d = dag("throws");
d.empty("t");
check(0);
export default d;
`,
  "dags/two.ts": `import { dag } from "dagsmith";
const [a, b] = [dag("first"), dag("second")];
a.empty("t"); b.task("t", () => "second's");
export default [a, b];
`,
  "dags/calls.ts": `import { dag } from "dagsmith";
import called from "./called.ts";
const d = dag("calls");
const one = d.call("reference", called, { params: { of: 2 } });
d.call("id", "called", { params: { of: 5 } });
d.task("use", { inputs: { one } }, ({ inputs }) => inputs.one.twice + 1);
export default d;
`,
  "dags/called.ts": `import { dag } from "dagsmith";
import { z } from "zod";
const d = dag("called", { params: z.object({ of: z.number() }) });
export default d.output({ twice: d.task("twice", ({ params }) => params.of * 2) });
`,
  "dags/taken.ts": `import { dag, messages } from "dagsmith";
const orders = messages({ queue: "kafka", connection: "events", settings: { topic: "orders" } });
const d = dag("taken", { on: [orders] });
d.task("sum", ({ triggeredBy }) => triggeredBy(orders).reduce((sum, { value }) => sum + value.n, 0));
export default d;
`,
  "dags/computed.ts": `import { dag } from "dagsmith";
const d = dag(["put", "together"].join("_"));
d.empty("t");
export default d;
`,
};

let project: Project;
beforeAll(async () => {
  project = await newProject(files);
});
afterAll(() => project.remove());

describe("dag test", () => {
  test.each([
    ["wrong_schedule", "INVALID_DATE", /^wrong_schedule\.ts:3: .*"yesterday"/],
    ["wrong_option", "UNKNOWN_OPTION", /^wrong_option\.ts:3: Unknown task option "retrys"/],
    [
      "throws",
      "IMPORT_FAILED",
      /^throws\.ts: lib\/check\.ts:3: .*zero is not allowed\n.*check\.ts:3[\s\S]*throws\.ts:5/,
    ],
  ])("names file and line of what it cannot read: %s", async (id, code, message) => {
    const { stdout } = await project.dag(["test", `dags/${id}.ts`, "--json"]);
    const { error } = JSON.parse(stdout);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test("shows each task with its log, then a table, and exits 0", async () => {
    const { code, stdout, stderr } = await project.dag([
      "test",
      "dags/sum.ts",
      "--params",
      '{"from": 41}',
      "--task",
      "two",
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/▶ one\n {4}info {2}from 41\n✔ success one .*\n▶ two\n✔ success two/);
    expect(stdout).toMatch(/two +✔ success +1 +\S+ ms +42\n/);
    expect(stdout).toMatch(/sum ✔ success in/);
    expect(stdout).not.toContain("other");
    expect(stdout).not.toContain("\u001b");
  });

  test("takes a DAG id, also one that stands nowhere as it is", async () => {
    expect(await project.json(["test", "sum", "--date", "2026-01-31"])).toMatchObject({
      state: "success",
      logicalDate: "2026-01-31T00:00:00.000Z",
    });
    expect(await project.json(["test", "put_together"])).toMatchObject({
      dagId: "put_together",
      state: "success",
    });
  });

  test("runs called DAGs too, by reference and by id, with their lines under their names", async () => {
    const { code, stdout, stderr } = await project.dag(["test", "calls"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/▶ called\/twice\n✔ success called\/twice/);
    expect(stdout).toMatch(/reference +✔ success .*\{"twice":4\}/);
    expect(stdout).toMatch(/id +✔ success .*\{"twice":10\}/);
    expect(stdout).toMatch(/use +✔ success .* 5\n/);
  });

  test("gives tasks the events that start the run, of a source that the DAG has", async () => {
    const run = (trigger: string) => project.dag(["test", "taken", "--trigger", trigger]);
    const { stdout } = await run('orders=[{"value": {"n": 2}}, {"value": {"n": 3}}]');
    expect(stdout).toMatch(/sum +✔ success .* 5\n/);
    const refused = await Promise.all([run("returns=[]"), run('orders={"n": 1}')]);
    expect(refused.map(({ code }) => code)).toEqual([2, 2]);
    expect(refused.map(({ stderr }) => stderr)).toEqual([
      expect.stringContaining("its sources are: orders"),
      expect.stringContaining("write a list, such as 'orders=[{…}]'"),
    ]);
  });

  test("a failed task shows its stack in the user's files and exits 1", async () => {
    const { code, stdout } = await project.dag(["test", "faulty"]);
    expect(code).toBe(1);
    expect(stdout).toContain("Error: zero is not allowed");
    expect(stdout).toMatch(/at check \(.*dags\/lib\/check\.ts:3:\d+\)/);
    expect(stdout).toMatch(/at .*dags\/faulty\.ts:4:\d+/);
    expect(stdout).toContain("✖ upstream_failed after");
  });

  test("secrets are hidden in logs, errors and whatever the task prints", async () => {
    const env = { DAG_CONN_LAKE: "postgres://etl:topsecret@h/db", DAG_VAR_API_TOKEN: "tok-98765" };
    const { code, stdout, stderr } = await project.dag(["test", "noisy"], { env });
    expect(code).toBe(1);
    for (const said of ["console: ***", "split ***", "log: *** ***", "failed with ***"])
      expect(stdout).toContain(said);
    for (const secret of [
      "topsecret",
      "tok-98765",
      Buffer.from("etl:topsecret").toString("base64"),
    ])
      expect(stdout + stderr).not.toContain(secret);
  });

  test("with --json, what a task prints stays out of the document", async () => {
    const env = { DAG_CONN_LAKE: "postgres://etl:topsecret@h/db", DAG_VAR_API_TOKEN: "tok-98765" };
    const { stdout, stderr } = await project.dag(["test", "noisy", "--json"], { env });
    expect(JSON.parse(stdout)).toMatchObject({
      state: "failed",
      tasks: [{ taskId: "say", error: { message: "failed with ***" } }],
    });
    expect(stderr).toContain("console: ***");
  });

  test("a connection that is not set names the variable that would set it", async () => {
    expect((await project.dag(["test", "noisy"])).stdout).toContain("DAG_CONN_LAKE");
  });

  test("ends although a task left a server and a timer behind", async () => {
    expect(await project.json(["test", "lingering"])).toMatchObject({ state: "success" });
  });

  test("an error that nothing waits for fails its task, and the run goes on", async () => {
    expect(await project.json(["test", "stray"])).toMatchObject({
      state: "failed",
      tasks: expect.arrayContaining([
        expect.objectContaining({
          taskId: "first",
          error: expect.objectContaining({ message: "nothing waits for it" }),
        }),
        expect.objectContaining({
          taskId: "timer",
          error: expect.objectContaining({ message: "from a timer" }),
        }),
        expect.objectContaining({ taskId: "fine", state: "success" }),
      ]),
    });
  });

  test("a file with several DAGs asks which; the id answers", async () => {
    const { code, stderr } = await project.dag(["test", "dags/two.ts"]);
    expect(code).toBe(1);
    expect(stderr).toContain("first, second");
    expect(await project.json(["test", "second"])).toMatchObject({
      tasks: [{ output: "second's" }],
    });
  });

  test.each([
    ["dags/nowhere.ts", "FILE_NOT_FOUND"],
    ["smu", "UNKNOWN_DAG"],
  ])("%s is told to be %s", async (name, code) => {
    expect(await project.json(["test", name])).toMatchObject({ error: { code } });
  });

  test("works where .dagsmith cannot be made", async () => {
    const other = await newProject({ "dags/sum.ts": files["dags/sum.ts"] });
    await writeFile(join(other.folder, ".dagsmith"), "in the way");
    expect(await other.json(["test", "sum"])).toMatchObject({ state: "success" });
    await other.remove();
  });
});
