import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commands, groups } from "../../../runtime/cli/commands.ts";
import { newProject, type Project } from "../../support/cli.ts";

let project: Project;
beforeAll(async () => {
  project = await newProject({
    "dags/a.ts":
      'import { dag } from "dagsmith";\nconst d = dag("a");\nd.empty("t");\nexport default d;\n',
  });
});
afterAll(() => project.remove());

describe("wrong usage exits 2 and says what is right", () => {
  test.each([
    ["an unknown command", ["shwo"], "Did you mean show?"],
    ["a missing argument", ["show"], "missing required argument 'dag'"],
    ["an unknown option", ["list", "--colour"], "unknown option '--colour'"],
    ["a group without its command", ["connections"], "Usage: dag connections"],
    ["a number out of range", ["next", "a", "--count", "0"], "write a whole number from 1 to 1000"],
    ["a date in another order", ["test", "a", "--date", "31.01.2026"], "write ISO 8601"],
    ["params that are no object", ["test", "a", "--params", "[1]"], "write a JSON object"],
    ["params that are no JSON", ["trigger", "a", "--params", "{day}"], "it is not JSON"],
  ])("%s", async (_, args, expected) => {
    const { code, stdout, stderr } = await project.dag(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(expected);
  });

  test("with --json the error is the document, and all there is on stdout", async () => {
    const { code, stdout, stderr } = await project.dag(["show", "--json"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      error: { code: "USAGE", message: "missing required argument 'dag'" },
    });
  });
});

describe("failure exits 1", () => {
  test("with a code and a message for programs", async () => {
    const { code, stdout, stderr } = await project.dag(["runs", "--json"]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      error: { code: "DATABASE_NOT_SET", message: expect.stringContaining("DATABASE_URL") },
    });
  });

  test("a database that refuses is named without its password", async () => {
    const { code, stderr } = await project.dag(["runs"], {
      env: { DATABASE_URL: "postgres://etl:topsecret@127.0.0.1:1/x" },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: No database answers at postgres:\/\/etl:\*\*\*@127\.0\.0\.1:1\/x: .*ECONNREFUSED/,
    );
    expect(stderr).not.toContain("topsecret");
  });

  test("a database that takes the connection and never answers is given up", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as { port: number };
    const { code, stderr } = await project.dag(["list"], {
      env: { DATABASE_URL: `postgres://etl@127.0.0.1:${port}/x` },
    });
    silent.close();
    expect(code).toBe(1);
    expect(stderr).toContain("No database answers at");
  });

  test.each([
    "not an address",
    "postgres://etl:topsecret@ho st/x",
    "mysql://etl:topsecret@127.0.0.1:1/x",
  ])("an address that is none fails cleanly: %s", async (address) => {
    const { code, stdout } = await project.dag(["runs", "--json"], {
      env: { DATABASE_URL: address },
    });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "NO_DATABASE" } });
    expect(stdout).not.toContain("topsecret");
  });

  test("an environment variable with a useless value is named", async () => {
    const { code, stderr } = await project.dag(["list"], { env: { DAG_WEB_PORT: "http" } });
    expect(code).toBe(2);
    expect(stderr).toContain("DAG_WEB_PORT");
  });
});

test("a reader that leaves early is no failure", async () => {
  const child = project.start(["--help"]);
  child.stdout?.destroy();
  expect((await once(child, "exit"))[0]).toBe(0);
});

describe("every command", () => {
  const all = [
    ...commands.map((command) => ({ name: "dag", command })),
    ...groups.flatMap((group) =>
      group.commands.map((command) => ({ name: `dag ${group.name}`, command })),
    ),
  ];

  test.each(all.map((one) => [`${one.name} ${one.command.usage}`, one] as const))(
    "%s has a summary and an example of itself",
    (_, { name, command }) => {
      expect(command.summary).toMatch(/^[A-Z].*[^.]$/s);
      expect(command.example).toContain(`${name} ${command.usage.split(" ")[0]}`);
    },
  );

  test("shows its example with --help and exits 0", async () => {
    const { code, stdout } = await project.dag(["logs", "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Example:\n  $ dag logs 42 load --follow");
    expect(stdout).toContain("--json");
  });
});

describe("dag init", () => {
  test("makes a project that checks, and names the next command", async () => {
    const { code, stdout } = await project.dag(["init", "My Project"]);
    expect(code).toBe(0);
    expect(stdout).toContain("npx dag test dags/hello.ts");
    const manifest = JSON.parse(
      await readFile(join(project.folder, "My Project/package.json"), "utf8"),
    );
    expect(manifest).toMatchObject({
      name: "my-project",
      type: "module",
      scripts: { test: "node --test" },
    });
    expect((await project.dag(["check", "My Project/dags"])).stdout).toContain("✔ 1 DAG, 0 errors");
    const run = await project.json(["test", "My Project/dags/hello.ts", "--date", "2026-01-31"]);
    expect(run).toMatchObject({ state: "success", dagId: "hello" });
  });

  test("writes nothing over a file that is there", async () => {
    await project.write("taken/package.json", "mine");
    const { code, stderr } = await project.dag(["init", "taken"]);
    expect(code).toBe(1);
    expect(stderr).toContain("already has package.json");
    expect(await readFile(join(project.folder, "taken/package.json"), "utf8")).toBe("mine");
    await expect(stat(join(project.folder, "taken/dags"))).rejects.toThrow("ENOENT");
  });

  test("keeps a README that is there, and tells coding agents where the documents are", async () => {
    await project.write("cloned/README.md", "mine");
    expect((await project.dag(["init", "cloned"])).code).toBe(0);
    expect(await readFile(join(project.folder, "cloned/README.md"), "utf8")).toBe("mine");
    const agents = await readFile(join(project.folder, "cloned/AGENTS.md"), "utf8");
    const named = [...agents.matchAll(/`([a-z-]+\.md)`/g)].map(([, name]) => name as string);
    expect(named.length).toBeGreaterThan(3);
    for (const name of named) await stat(new URL(`../../../docs/${name}`, import.meta.url));
  });

  test("makes a plugin in a folder of its name, and names its system in its code", async () => {
    const { code, stdout } = await project.dag(["init", "--plugin", "@acme/dagsmith-my-queue"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("cd dagsmith-my-queue")]);
    const folder = join(project.folder, "dagsmith-my-queue");
    expect(JSON.parse(await readFile(join(folder, "package.json"), "utf8"))).toMatchObject({
      name: "@acme/dagsmith-my-queue",
      peerDependencies: { dagsmith: expect.stringMatching(/^\^\d/) },
    });
    expect(await readFile(join(folder, "src/index.ts"), "utf8")).toContain("myQueueHook");
    const { stdout: left } = await project.dag(["init", "p", "--plugin", "dagsmith-7zip"]);
    expect(left).toContain("wrote src/hook.ts");
    expect(await readFile(join(project.folder, "p/src/hook.ts"), "utf8")).toContain(
      "plugin7zipHook",
    );
  });

  test.each(["My Plugin", "../out", "@acme/", "a/b"])(
    "makes no plugin of the name %s",
    async (name) => {
      const { code, stderr } = await project.dag(["init", "--plugin", name]);
      expect([code, stderr]).toEqual([2, expect.stringContaining("such as dagsmith-ntfy")]);
    },
  );

  test("asks nothing of a program: without a folder it is wrong usage", async () => {
    const { code, stderr } = await project.dag(["init"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--yes");
  });
});
