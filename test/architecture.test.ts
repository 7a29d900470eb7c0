/**
 * The house keeps its shape: who may import whom, which rooms are pure, who reads the
 * environment, what no file may be called or hold. A wall is changed in
 * test/support/walls.ts, with its reason.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { circlesIn, importGraph } from "./support/circles.ts";
import { stateWritersIn, unnamedWritesIn } from "./support/state_writers.ts";
import {
  brokenWalls,
  clockReadings,
  environmentReadings,
  importsOf,
  sqlTexts,
  untypedPlaces,
  WALLS,
} from "./support/walls.ts";

/** Files that are or would be committed. */
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "" && existsSync(path));
const code = files.filter((path) => /\.tsx?$/.test(path));
const ours = code.filter((path) => /^(?:sdk|runtime|plugins|dags|migrations)\//.test(path));
const textOf = (path: string): string => readFileSync(path, "utf8");

/** Where the environment is read outside runtime/config/config.ts, and why. */
const READS_ENVIRONMENT: Readonly<Record<string, string>> = {
  "plugins/process/process_group.ts": "hands the environment of the task on to its process",
  "runtime/config/config.ts": "the one place",
};

/**
 * Where a service reads the clock that people set, and why. Periods and time-outs need
 * performance.now(), and what is due is decided by the database's clock.
 */
const READS_WALL_CLOCK: Readonly<Record<string, string>> = {
  "runtime/bundler/folder.ts": "compared with the times of files, which the same clock writes",
  "runtime/executor/log_writer.ts": "the time that a log line shows",
  "runtime/web/islands/times.ts": "how long ago something was, in the browser",
};

describe("the walls of the house", () => {
  it("keep every import inside what its room may know", () => {
    expect(ours.length).toBeGreaterThan(50);
    expect(ours.flatMap((path) => brokenWalls(path, textOf(path)))).toEqual([]);
  });

  it("have a reason each", () => {
    expect(
      WALLS.filter(({ why }) => why.length < 10 || why === "a room without a wall of its own"),
    ).toEqual([]);
  });

  it("keep clocks out of the rooms that decide", () => {
    const pure = ours.filter((path) => /^runtime\/(?:state|timetable)\//.test(path));
    expect(pure.length).toBeGreaterThan(10);
    expect(
      pure.flatMap((path) => clockReadings(textOf(path)).map((found) => `${path}: ${found}`)),
    ).toEqual([]);
  });

  it("keep the clock that people set out of the services, but where it is only shown", () => {
    const wall = ours
      .filter((path) => /^runtime\/(?!cli|sandbox|testing)/.test(path))
      .filter((path) => clockReadings(textOf(path)).some((found) => !/performance/.test(found)));
    expect(wall.filter((path) => !(path in READS_WALL_CLOCK))).toEqual([]);
    expect(Object.keys(READS_WALL_CLOCK).filter((path) => !wall.includes(path))).toEqual([]);
  });

  it("let no two files import each other in a circle, types included", () => {
    const circles = circlesIn(
      importGraph(new Map(code.map((path) => [path, textOf(path)])), importsOf),
    );
    expect(circles).toEqual([]);
  });

  it("let one file read the environment", () => {
    const readers = ours.filter((path) => !Object.hasOwn(READS_ENVIRONMENT, path));
    expect(
      readers.flatMap((path) =>
        environmentReadings(textOf(path)).map((found) => `${path}: ${found}`),
      ),
    ).toEqual([]);
  });

  it.each([
    ["task_instance", "runtime/store/instances/transition.ts"],
    ["dag_run", "runtime/store/runs/run_transition.ts"],
  ])("let one file write the state of %s", (table, writer) => {
    const writers = ours.filter(
      (path) => path.startsWith("runtime/") && stateWritersIn(textOf(path), table).length > 0,
    );
    expect(writers).toEqual([writer]);
  });

  it("let no file of the store hide which table it writes", () => {
    const store = ours.filter((path) => path.startsWith("runtime/store/"));
    const hidden = store.flatMap((path) =>
      unnamedWritesIn(textOf(path)).map((found) => `${path}: ${found}`),
    );
    expect(hidden).toEqual([]);
  });

  it("let no room of the runtime but the store hold SQL", () => {
    const outside = ours.filter((path) => /^runtime\/(?!store\/)/.test(path));
    const found = outside.flatMap((path) =>
      sqlTexts(textOf(path)).map((text) => `${path}: ${text.slice(0, 60)}`),
    );
    expect(found).toEqual([]);
    const store = ours.filter((path) => path.startsWith("runtime/store/"));
    expect(store.filter((path) => sqlTexts(textOf(path)).length > 0).length).toBeGreaterThan(50);
  });

  it("let the migrations alone load knex, which costs each process 100 ms", () => {
    const loaders = ours.filter((path) => importsOf(textOf(path)).includes("knex"));
    expect(loaders.filter((path) => !path.startsWith("migrations/"))).toEqual([
      "runtime/store/database/migrate.ts",
    ]);
  });

  it("let one room of the web server hide secrets, besides its answers to errors", () => {
    const outside = ours.filter((path) => /^runtime\/web\/(?!read\/)/.test(path));
    const masking = outside.filter((path) => /\bmask(?:Row|Json)?\(/.test(textOf(path)));
    expect(masking).toEqual(["runtime/web/http/refusal.ts", "runtime/web/routes/form.ts"]);
  });

  it("leave no way out of the type checker", () => {
    const checked = code.filter((path) => !path.startsWith("test/"));
    expect(
      checked.flatMap((path) => untypedPlaces(textOf(path)).map((found) => `${path}: ${found}`)),
    ).toEqual([]);
  });
});

describe("the tree", () => {
  it("has no file whose name says nothing", () => {
    expect(
      code.filter((path) =>
        /^(?:utils?|helpers?|lib|types|interfaces)\.tsx?$/.test(basename(path)),
      ),
    ).toEqual([]);
  });

  it("names no package registry, so that an install asks the one that its user configured", () => {
    const resolved = /"resolved":\s*"https?:/;
    expect(
      files.filter(
        (path) =>
          /(?:package-lock|npm-shrinkwrap)\.json$/.test(path) && resolved.test(textOf(path)),
      ),
    ).toEqual([]);
    expect(
      files.filter(
        (path) => /(?:^|\/)\.npmrc$/.test(path) && /registry\s*=|_auth/.test(textOf(path)),
      ),
    ).toEqual([]);
  });

  it("holds no linked node_modules", () => {
    expect(files.filter((path) => path.split("/").includes("node_modules"))).toEqual([]);
  });
});

describe("SQL is found", () => {
  it.each([
    "db.query(`select id from dagsmith.dag`)",
    "db.query(`\n  with due as (select 1) select * from due`)",
    'db.query("insert into dagsmith.audit values ($1)")',
    `db.query(\`update dagsmith.dag_run set $\{columns}\`)`,
    'db.query("delete from dagsmith.xcom")',
    "db.query(`select pg_advisory_lock(1)`)",
  ])("in %s", (code) => {
    expect(sqlTexts(code)).toHaveLength(1);
  });

  it.each([
    'fail("select a DAG")',
    'summary("Set or remove labels of a run")',
    'audit("delete state")',
    'audit("update asset")',
  ])("and not in %s", (code) => {
    expect(sqlTexts(code)).toEqual([]);
  });
});

describe("a broken wall is found", () => {
  it.each([
    [
      "an import of the runtime in the SDK",
      "sdk/x.ts",
      'import { advance } from "../runtime/engine/advance/advance.ts";',
    ],
    ["an import of Node in the SDK", "sdk/x.ts", 'import { readFile } from "node:fs/promises";'],
    ["an import of a type", "sdk/x.ts", 'import type { Knex } from "knex";'],
    ["a type named in place", "runtime/engine/x.ts", 'export type X = import("pg").Client;'],
    ["a re-export", "sdk/x.ts", 'export * from "zod";'],
    [
      "an import at run time",
      "runtime/web/x.ts",
      'export const x = async () => await import("pg");',
    ],
    ["a require", "runtime/web/x.ts", 'const pg = require("pg");'],
    ["an import over several lines", "runtime/web/x.ts", 'import {\n  Pool,\n} from "pg";'],
    [
      "a plugin that reaches into the SDK",
      "plugins/aws/x.ts",
      'import { dag } from "../../sdk/index.ts";',
    ],
    [
      "a plugin that reaches into another by path",
      "plugins/aws/x.ts",
      'import { x } from "../github/index.ts";',
    ],
    [
      "a new plugin that reaches into another by path",
      "plugins/new/x.ts",
      'import { x } from "../github/index.ts";',
    ],
    [
      "a plugin with the client of another",
      "plugins/aws/x.ts",
      'import { Octokit } from "octokit";',
    ],
    ["a DAG that reaches into the SDK", "dags/x.ts", 'import { dag } from "../sdk/index.ts";'],
    ["a DAG with a client", "dags/x.ts", 'import pg from "pg";'],
    [
      "the runtime with a plugin",
      "runtime/executor/x.ts",
      'import { s3Hook } from "../../plugins/aws/index.ts";',
    ],
    [
      "the runtime with a plugin by name",
      "runtime/executor/x.ts",
      'import { s3Hook } from "dagsmith/plugins/aws";',
    ],
    [
      "the runtime with the SDK by name",
      "runtime/executor/x.ts",
      'import { dag } from "dagsmith";',
    ],
    [
      "a timetable with the store",
      "runtime/timetable/x.ts",
      'import { openDatabase } from "../store/database.ts";',
    ],
    [
      "a state with another pure room",
      "runtime/state/x.ts",
      'import { nextRun } from "../timetable/index.ts";',
    ],
    [
      "a room with one above it",
      "runtime/engine/x.ts",
      'import { tick } from "../scheduler/tick.ts";',
    ],
    [
      "a room with one beside it",
      "runtime/scheduler/x.ts",
      'import { queue } from "../executor/queue.ts";',
    ],
    ["the page with the queue", "runtime/web/x.ts", 'import { run } from "graphile-worker";'],
    [
      "a worker with the client of an object store",
      "runtime/executor/spill.ts",
      'const s3 = () => import("@aws-sdk/client-s3");',
    ],
    [
      "the door to the object store with the queue",
      "runtime/large_values/s3.ts",
      'import { run } from "graphile-worker";',
    ],
    [
      "the scheduler with a migration",
      "runtime/scheduler/x.ts",
      'import { up } from "../../migrations/0001_schema.ts";',
    ],
    [
      "a room of the store with a read model",
      "runtime/store/runs/x.ts",
      'import { getRun } from "../reads/runs.ts";',
    ],
    [
      "a route that reads rows past the mask",
      "runtime/web/routes/x.ts",
      'import { getRun } from "../../store/reads/runs.ts";',
    ],
    [
      "a view of one page with a view of another",
      "runtime/web/views/dag/x.tsx",
      'import { RunPage } from "../run/run.tsx";',
    ],
    [
      "the page's script with code of the server",
      "runtime/web/islands/x.ts",
      'import { durationText } from "../../words/duration_text.ts";',
    ],
    ["a room that nobody placed", "runtime/attic/x.ts", ""],
  ])("in %s", (_, path, text) => {
    expect(brokenWalls(path, text)).toHaveLength(1);
  });

  it.each([
    [
      "an import written in a text",
      "runtime/cli/x.ts",
      'const text = `import { dag } from "dagsmith";`;',
    ],
    ["an import written in a comment", "runtime/cli/x.ts", '// import pg from "pg";'],
    [
      "a plugin that uses another by name",
      "plugins/github/x.ts",
      'import { s3Hook } from "dagsmith/plugins/aws";',
    ],
    [
      "a DAG with a file of its own",
      "dags/x.ts",
      'import query from "./x.sql";\nimport { z } from "zod";',
    ],
    [
      "a read model with a row of the store",
      "runtime/store/reads/x.ts",
      'import type { RunType } from "../runs/dag_run.ts";',
    ],
    [
      "the store with a type of the engine",
      "runtime/store/x.ts",
      'import type { EngineStore } from "../engine/store.ts";',
    ],
  ])("but not in %s", (_, path, text) => {
    expect(brokenWalls(path, text)).toEqual([]);
  });

  it.each([
    ["of two files", { "a.ts": ["b"], "b.ts": ["a"] }, ["a.ts -> b.ts -> a.ts"]],
    ["of a file with itself", { "a.ts": ["a"] }, ["a.ts -> a.ts"]],
    [
      "of three files, behind a file that is on no circle",
      { "a.ts": ["c"], "b.ts": ["d"], "c.ts": ["b"], "d.ts": ["c"] },
      ["b.ts -> d.ts -> c.ts -> b.ts"],
    ],
    [
      "of each pair, where two circles share a file",
      { "a.ts": ["b", "c"], "b.ts": ["a"], "c.ts": ["a"] },
      ["a.ts -> b.ts -> a.ts", "a.ts -> c.ts -> a.ts"],
    ],
    ["in no tree", { "a.ts": ["b", "c"], "b.ts": ["c"], "c.ts": [] }, []],
  ] as const)("in a circle %s", (_, imports, expected) => {
    const texts = Object.entries<readonly string[]>(imports).map(
      ([path, names]) =>
        [path, names.map((name) => `import type { X } from "./${name}.ts";`).join("\n")] as const,
    );
    expect(circlesIn(importGraph(new Map(texts), importsOf))).toEqual(expected);
  });

  it.each([
    "update dagsmith.dag_run set state = 'failed' where id = $1",
    "update dagsmith.dag_run r\nset generation = generation + 1,\n  state = v.state from v",
    'UPDATE ONLY dagsmith."dag_run" SET reason = (select a from b), "state" = $1',
    "update dag_run set (state, reason) = ('failed', $1)",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    "update dagsmith.dag_run r set ${columns}",
    "insert into dagsmith.dag_run (run_id) values ($1)",
    "merge into dagsmith.dag_run using v on true when matched then update set reason = ''",
  ])("in a state written by %s", (text) => {
    expect(stateWritersIn(`const X = { text: \`${text}\` };`, "dag_run")).toHaveLength(1);
  });

  it.each([
    "update dagsmith.dag_run r set note = $2 where r.state = 'queued' and state = 'x'",
    "update dagsmith.dag_run_label set state = 1",
    "insert into dagsmith.dag_run_label (run_id) values ($1)",
    "select state from dagsmith.dag_run where state = 'queued'",
  ])("but not in %s", (text) => {
    expect(stateWritersIn(`const X = { text: \`${text}\` };`, "dag_run")).toEqual([]);
  });

  it("reads every form of import", () => {
    const text =
      'import a from "a"; import "b"; export { c } from "c"; import type { D } from "d"; const e = import("e"); type F = import("f").F;';
    expect(importsOf(text).sort()).toEqual(["a", "b", "c", "d", "e", "f"]);
  });

  it.each([
    "Date.now()",
    "new Date()",
    "performance.now()",
    "new Date",
    "DateTime.now()",
    "DateTime.utc()",
  ])("in a clock read by %s", (text) => {
    expect(clockReadings(`const x = ${text};`)).toHaveLength(1);
  });

  it("but not in a date made from a given instant", () => {
    expect(clockReadings("const x = new Date(ms); // Date.now()")).toEqual([]);
  });

  it.each([
    "const x = process.env.X;",
    "const x = globalThis.process.env;",
    'const x = process["env"];',
    "const { env } = process;",
    'import { env } from "node:process";',
  ])("in the environment read by %s", (text) => {
    expect(environmentReadings(text)).toHaveLength(1);
  });

  it.each([
    "const x: any = 1;",
    "const x = y as any;",
    "type X = Record<string, any>;",
    "// @ts-ignore",
    "  // @ts-nocheck the whole file",
  ])("in the untyped %s", (text) => {
    expect(untypedPlaces(text)).toHaveLength(1);
  });

  it("but not in a word", () => {
    expect(untypedPlaces('const any = "any"; // any')).toEqual([]);
  });
});
