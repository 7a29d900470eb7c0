import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { discover } from "../../../runtime/bundler/discover.ts";
import { factsOf } from "../../../runtime/bundler/facts.ts";
import { dagFolder, soundDag } from "../../support/dag-folder.ts";

const files = async (folder: string): Promise<string[]> => [
  ...(await discover(folder)).files.keys(),
];
const warnings = (text: string): string[] =>
  factsOf(
    "a.ts",
    `import { dag } from "dagsmith";\n${text}\nexport default dag("a");`,
  ).warnings.map(({ line, code }) => `${line} ${code}`);

describe("the walk", () => {
  test("finds modules in subfolders, in order, and leaves out tests, declarations and configurations", async () => {
    const folder = await dagFolder({
      "b.mts": "",
      "a.ts": "",
      "deep/er/c.js": "",
      "d.mjs": "",
      "a.test.ts": "",
      "types.d.ts": "",
      "vitest.config.ts": "",
      "notes.md": "",
      "e.tsx": "",
    });
    expect(await files(folder)).toEqual(["a.ts", "b.mts", "d.mjs", "deep/er/c.js"]);
  });

  test("does not enter node_modules, dist or folders whose name begins with a dot, at any depth", async () => {
    const folder = await dagFolder({
      "node_modules/p/a.ts": "",
      "x/node_modules/p/a.ts": "",
      "x/dist/a.ts": "",
      ".dagsmith/a.ts": "",
      "x/.git/a.ts": "",
      ".hidden.ts": "",
    });
    expect(await files(folder)).toEqual([]);
  });

  test("obeys .dagignore in the syntax of .gitignore, also in subfolders, where it holds from there down", async () => {
    const folder = await dagFolder({
      ".dagignore": "# old ones\nattic/\n*_draft.ts\n!kept_draft.ts\n",
      "attic/a.ts": "",
      "a_draft.ts": "",
      "kept_draft.ts": "",
      "team/.dagignore": "/only_here.ts\n",
      "team/only_here.ts": "",
      "team/sub/only_here.ts": "",
      "only_here.ts": "",
    });
    expect(await files(folder)).toEqual(["kept_draft.ts", "only_here.ts", "team/sub/only_here.ts"]);
  });

  test("follows a link to a file but not a link to a folder, which may lead back", async () => {
    const folder = await dagFolder({ "real.ts": "" });
    await symlink(join(folder, "real.ts"), join(folder, "linked.ts"));
    await symlink(folder, join(folder, "loop"));
    await symlink(join(folder, "nowhere.ts"), join(folder, "broken.ts"));
    expect(await files(folder)).toEqual(["linked.ts", "real.ts"]);
  });

  test("says so when there is no such folder", async () => {
    await expect(discover("/nowhere/dags")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  test("reads a file again only when its text changed", async () => {
    const folder = await dagFolder({ "a.ts": soundDag("a"), "b.ts": soundDag("b") });
    const first = await discover(folder);
    const second = await discover(folder, first);
    expect(second.files.get("a.ts")).toBe(first.files.get("a.ts"));
  });
});

describe("whether a file can hold a DAG", () => {
  const importing = 'import { dag } from "dagsmith";\n';
  test.each([
    ["a DAG in a variable", `${importing}const d = dag("a");\nexport default d;`, "dag"],
    ["a DAG in place", `${importing}export default dag("a");`, "dag"],
    ["a list", `${importing}export default [dag("a"), dag("b")];`, "dag"],
    ["a renamed export", `${importing}const d = dag("a");\nexport { d as default };`, "dag"],
    [
      "the whole package",
      `import * as smith from "dagsmith";\nexport default smith.dag("a");`,
      "dag",
    ],
    [
      "an object around the DAG, which deserves an error",
      `${importing}export default { d: dag("a") };`,
      "dag",
    ],
    [
      "the product of a factory elsewhere",
      `import { make } from "./factory.ts";\nexport default make("a");`,
      "maybe",
    ],
    ["another file's default", `export { default } from "./other.ts";`, "maybe"],
    ["a hook", `import { defineHook } from "dagsmith";\nexport default defineHook({});`, "maybe"],
    ["CommonJS", `const { dag } = require("dagsmith");\nmodule.exports = dag("a");`, "dag"],
    [
      "a bracket that hides the export",
      `${importing}const d = dag("a", {\nexport default d;`,
      "maybe",
    ],
    [
      "a brace that hides the export",
      `${importing}function f() {\nexport default dag("a");`,
      "maybe",
    ],
    ["a DAG that is not exported", `${importing}const d = dag("a");`, "unexported"],
    [
      "a DAG made inside a function only",
      `${importing}export function make() { const d = dag("a"); return d; }`,
      "no",
    ],
    [
      "a function that makes DAGs",
      `${importing}export default function make(id: string) { return dag(id); }`,
      "factory",
    ],
    [
      "an arrow that makes DAGs",
      `${importing}const make = () => dag("a");\nexport default make;`,
      "factory",
    ],
    [
      "a helper's function",
      `import { sql } from "dagsmith";\nexport default function f() { return sql\`\`; }`,
      "no",
    ],
    ["named exports only", `${importing}export const d = dag("a");`, "unexported"],
    ["types only", `import type { Dag } from "dagsmith";\nexport default { retries: 2 };`, "no"],
    ["settings", `import { x } from "./x.ts";\nexport default { x } satisfies object;`, "no"],
    [
      "only Node's modules",
      `import { join } from "node:path";\nexport default join("a", "b");`,
      "no",
    ],
    ["nothing", "", "no"],
  ])("%s", (_, text, candidacy) => {
    expect(factsOf("a.ts", text).candidacy).toBe(candidacy);
  });
});

describe("lint", () => {
  test("warns of work at import, with its line", () => {
    expect(
      warnings(
        [
          'const a = await fetch("https://example.org");',
          'const b = readFileSync("b.json");',
          "for await (const c of b) console.log(c);",
          "if (true) { fs.execSync('ls'); }",
          "const region = process.env.REGION;",
        ].join("\n"),
      ),
    ).toEqual([
      "2 WORK_AT_IMPORT",
      "3 WORK_AT_IMPORT",
      "4 WORK_AT_IMPORT",
      "5 WORK_AT_IMPORT",
      "6 ENVIRONMENT_AT_IMPORT",
    ]);
  });

  test("does not mind work inside functions, nor dynamic imports", () => {
    expect(
      warnings(
        'const f = async () => { await fetch("x"); process.env.A; };\nclass C { m() { readFileSync("x"); } }\nawait import("./x.ts");',
      ),
    ).toEqual([]);
  });

  test("warns of the file's own place wherever it is used, because the bundle lies elsewhere", () => {
    expect(
      warnings(
        'const f = () => new URL("./a.sql", import.meta.url);\nconst g = () => __dirname;\nconst require = createRequire(import.meta.url);',
      ),
    ).toEqual(["2 BUNDLE_LOCATION", "3 BUNDLE_LOCATION"]);
  });
});
