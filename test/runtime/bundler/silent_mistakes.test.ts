/**
 * Mistakes that run, but not as their author meant: `dag check` names each by file and
 * line.
 */
import { describe, expect, test } from "vitest";
import { loadFolder } from "../../../runtime/bundler/folder.ts";
import { dagFolder } from "../../support/dag-folder.ts";

const checked = async (files: Readonly<Record<string, string>>) => {
  const { warnings, errors, versions } = await loadFolder(await dagFolder(files), { processes: 1 });
  return {
    errors: errors.map(({ file, code, message }) => ({ file, code, message })),
    warnings: warnings.map(({ file, line, code }) => `${file}:${line} ${code}`),
    dags: versions.map(({ dagId }) => dagId).toSorted(),
  };
};

describe("params that a schedule cannot give", () => {
  /** @param fallback of the field `n`; a value of JavaScript */
  const withParams = (options: string, fallback = "undefined"): string =>
    [
      'import { asset, dag, webhook } from "dagsmith";',
      "const validate = (given) => {",
      `  const n = given.n ?? ${fallback};`,
      '  return n === undefined ? { issues: [{ message: "is missing", path: ["n"] }] } : { value: { n } };',
      "};",
      'const params = { "~standard": { version: 1, vendor: "test", validate } };',
      `const d = dag("d", { ${options}, params });`,
      'd.task("a", () => null);',
      "export default d;",
    ].join("\n");

  test.each([
    ["its schedule", 'schedule: "@daily"'],
    [
      'its schedule "nightly"',
      'schedule: { noon: { schedule: "@daily", params: { n: 1 } }, nightly: { schedule: "@daily" } }',
    ],
    ["its assets", 'schedule: asset("s3://lake/a")'],
    ["its events", 'on: [webhook({ secret: "s", name: "w" })]'],
  ])("are an error that names %s", async (source, options) => {
    const { errors } = await checked({ "d.ts": withParams(options) });
    expect(errors).toEqual([
      {
        ...{ file: "d.ts", code: "SCHEDULE_PARAMS" },
        message: expect.stringMatching(new RegExp(`started by ${source} have no valid params: n:`)),
      },
    ]);
  });

  test("are none when each field has a default, or when people start the runs", async () => {
    const files = {
      "d.ts": withParams('schedule: "@daily"', "1"),
      "e.ts": withParams("schedule: null").replace('"d"', '"e"'),
    };
    expect(await checked(files)).toEqual({ errors: [], warnings: [], dags: ["d", "e"] });
  });
});

describe("a DAG that is not loaded", () => {
  test("because it is exported by name only", async () => {
    const text = [
      'import { dag } from "dagsmith";',
      'export const first = dag("first");',
      'first.task("a", () => null);',
      'export const second = dag("second");',
      'second.task("a", () => null);',
      "export default first;",
    ].join("\n");
    expect(await checked({ "two.ts": text })).toEqual({
      ...{ errors: [], warnings: ["two.ts:4 NOT_EXPORTED"], dags: ["first"] },
    });
    const both = text.replace("default first", "default [first, second]");
    expect(await checked({ "two.ts": both })).toEqual({
      ...{ errors: [], warnings: [], dags: ["first", "second"] },
    });
  });

  test("because another file exports it is no mistake", async () => {
    const files = {
      "a.ts":
        'import { dag } from "dagsmith";\nexport const other = dag("other");\nother.task("a", () => null);\nconst own = dag("own");\nown.task("a", () => null);\nexport default own;\n',
      "b.ts": 'export { other as default } from "./a.ts";\n',
    };
    expect(await checked(files)).toEqual({ errors: [], warnings: [], dags: ["other", "own"] });
  });

  test("because a loop makes it in a file without a default export", async () => {
    const text = `import { dag } from "dagsmith";\nfor (const id of ["a", "b"]) {\n  dag(\`load_\${id}\`).task("t", () => null);\n}\n`;
    expect((await checked({ "loop.ts": text })).warnings).toEqual(["loop.ts:3 NO_DEFAULT_EXPORT"]);
  });

  test("because its file is CommonJS", async () => {
    const text =
      'const { dag } = require("dagsmith");\nconst d = dag("d");\nd.task("a", () => null);\nmodule.exports = d;\n';
    expect(
      (await checked({ "d.cjs": text, "helper.cjs": "module.exports = 1;" })).warnings,
    ).toEqual(["d.cjs:1 COMMONJS_FILE"]);
  });
});

describe("a variable of the file", () => {
  const file = (body: string): Readonly<Record<string, string>> => ({
    "d.ts": `import { dag } from "dagsmith";\nlet n = 0;\nconst d = dag("d");\n${body}\nexport default d;\n`,
  });

  test.each([
    ["by ++ in a body", 'd.task("a", () => ++n);'],
    [
      "by an assignment in a body with options",
      'd.task("a", { retries: 1 }, async () => { n = 2; });',
    ],
    ["by a named body", 'const work = () => { n += 1; };\nd.task("a", work);'],
    [
      "in a function inside a body",
      'd.sensor("a", async () => [1].every(() => { n--; return true; }));',
    ],
  ])("is a warning where a task writes it %s", async (_how, body) => {
    const line = 4 + body.slice(0, body.search(/\bn\b ?(\+|-|=)|\+\+n/)).split("\n").length - 1;
    expect((await checked(file(body))).warnings).toEqual([`d.ts:${line} MODULE_STATE`]);
  });

  test.each([
    [
      "that a group's function writes at import",
      'd.group("g", (g) => { n = 1; g.task("a", () => null); });',
    ],
    ["that a task reads", 'd.task("a", () => n);'],
    ["that another one hides", 'd.task("a", () => { let n = 1; n += 1; return n; });'],
    ["that a parameter hides", 'd.task("a", () => [1].map((n) => { n += 1; return n; }));'],
  ])("%s is none", async (_what, body) => {
    expect((await checked(file(body))).warnings).toEqual([]);
  });
});
