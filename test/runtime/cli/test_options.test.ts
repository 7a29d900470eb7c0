/**
 * What `dag test` is given besides a DAG: variables of `.env`, events, a place for files.
 */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HAS_TERMINAL, newProject, output, type Project } from "../../support/cli.ts";

let project: Project;
beforeAll(async () => {
  project = await newProject({
    ".env": `# of this machine\nDAG_VAR_REGION="eu west"\nDAG_VAR_TEAM=of-the-file\nPLAIN=seen\n`,
    "dags/env.ts": `import { dag } from "dagsmith";
const d = dag("env");
d.task("read", async ({ variable }) => [await variable("region"), await variable("team"), process.env.PLAIN]);
export default d;
`,
    "dags/approval.ts": `import { dag, waitForEvent } from "dagsmith";
const d = dag("approval");
const approved = d.task("approved", waitForEvent<{ by: string }>("approved", { timeout: "1d" }));
d.task("publish", { inputs: { approved } }, ({ inputs }) => inputs.approved.by);
export default d;
`,
    "dags/asks.ts": `import { dag } from "dagsmith";
const d = dag("asks");
const go = d.ask("go", { subject: "Go?", options: ["yes", "no"] });
d.task("use", { inputs: { go } }, ({ inputs }) => inputs.go + "!");
export default d;
`,
    "dags/form.ts": `import { dag } from "dagsmith";
import { z } from "zod";
const d = dag("form");
d.ask("go", { subject: "Go?", options: ["yes", "no"], form: z.object({ note: z.string() }) });
export default d;
`,
    "dags/files.ts": `import { dag } from "dagsmith";
const d = dag("files");
d.task("make", ({ files }) => files.put("a.txt", "kept"));
export default d;
`,
  });
});
afterAll(() => project.remove());

interface Document {
  readonly tasks: readonly { readonly taskId: string; readonly output: unknown }[];
  readonly filesFolder: string | null;
}

test("variables of .env are there; those of the environment win", async () => {
  const env = { DAG_VAR_TEAM: "of-the-shell" };
  const { tasks } = await project.json<Document>(["test", "env"], { env });
  expect(tasks[0]?.output).toEqual(["eu west", "of-the-shell", "seen"]);
});

test("a wrong value in .env is named; commands that do not try DAGs do not read the file", async () => {
  const broken = await newProject({ ".env": "DAG_WORKER_SLOTS=none\n" });
  try {
    const { code, stderr } = await broken.dag(["test", "any"]);
    expect(stderr).toContain('DAG_WORKER_SLOTS: it is "none"');
    expect(code).not.toBe(0);
    expect((await broken.dag(["next", "any"])).stderr).not.toContain("DAG_WORKER_SLOTS");
  } finally {
    await broken.remove();
  }
});

test("events are given as JSON; without one the wait fails", async () => {
  const args = ["test", "approval", "--events", '{"approved": {"by": "ann"}}'];
  const { tasks } = await project.json<Document>(args);
  expect(tasks.at(-1)).toMatchObject({ taskId: "publish", output: "ann" });
  expect((await project.dag(["test", "approval"])).code).toBe(1);
  const wrong = await project.dag(["test", "approval", "--events", "[]"]);
  expect(wrong.stderr).toContain("--events");
  expect(wrong.code).toBe(2);
});

const scratchFolders = async () =>
  (await readdir(tmpdir())).filter((name) => name.startsWith("dagsmith-scratch-"));

test("files are gone with the command, unless they are kept", async () => {
  const before = await scratchFolders();
  expect((await project.json<Document>(["test", "files"])).filesFolder).toBe(null);
  expect(await scratchFolders()).toEqual(before);
  const { stdout } = await project.dag(["test", "files", "--keep-files"]);
  const folder = /The files of the tasks are in (\S+)/.exec(stdout)?.[1] ?? "";
  expect(await readFile(join(folder, "make/a.txt"), "utf8")).toBe("kept");
  await rm(folder, { recursive: true });
  expect(existsSync(folder)).toBe(false);
});

test("answers are given by task id; without one, and without a terminal, the error says so", async () => {
  const given = await project.json<Document>(["test", "asks", "--answer", 'go="yes"']);
  expect(given.tasks.at(-1)?.output).toBe("yes!");
  const { code, stdout } = await project.dag(["test", "asks"]);
  expect([code, stdout]).toEqual([1, expect.stringContaining("NO_ANSWER")]);
  expect(stdout).toContain("Give it: dag test --answer go='…'");
  const wrong = await project.dag(["test", "asks", "--answer", "go=yes"]);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("it is not JSON")]);
});

describe.skipIf(!HAS_TERMINAL)("a person at a terminal", () => {
  const started = async (dagId: string) => {
    const child = project.start(["test", dagId], { onTerminal: true });
    const ended = once(child, "exit").then(([code]) => code as number);
    return { child, ended, type: (text: string) => void child.stdin!.write(text) };
  };

  test("is asked again until the number of an option comes", async () => {
    const { child, ended, type } = await started("asks");
    await output(child, "Number from 1 to 2:");
    type("yes\n");
    await output(child, "Number from 1 to 2:");
    type("1\n");
    await output(child, "yes!");
    expect(await ended).toBe(0);
  });

  test("fills in a form as JSON, and hears what does not fit", async () => {
    const { child, ended, type } = await started("form");
    await output(child, "Number from 1 to 2:");
    type("2\n");
    await output(child, /The form, as JSON: .*"note"[\s\S]*Answer:/);
    type("fine\n");
    await output(child, /It is not JSON: [\s\S]*Answer:/);
    type('{"note": 7}\n');
    await output(child, /must be text[\s\S]*Number from 1 to 2:/);
    type("2\n");
    await output(child, "Answer:");
    type('{"note": "later"}\n');
    await output(child, "later");
    expect(await ended).toBe(0);
  });

  test.each([
    ["an empty line", "\n"],
    ["Ctrl D", "\u0004"],
  ])("who answers with %s fails the question, which says what to do", async (_what, typed) => {
    const { child, ended, type } = await started("asks");
    await output(child, "Number from 1 to 2:");
    type(typed);
    expect(await output(child, "Give it: dag test --answer go=")).toContain("NO_ANSWER");
    expect(await ended).toBe(1);
  });
});
