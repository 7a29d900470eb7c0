import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { bundle, bundleAll } from "../../../runtime/bundler/bundle.ts";
import { dagFolder, soundDag, writeDagFile } from "../../support/dag-folder.ts";

const errorOf = async (
  files: Readonly<Record<string, string>>,
): Promise<{ code: string; message: string }> => {
  const folder = await dagFolder(files);
  return bundle("a.ts", folder).then(
    () => expect.unreachable("it was bundled"),
    (error) => error,
  );
};
const codeOf = async (files: Readonly<Record<string, string>>): Promise<string> =>
  (await bundle("a.ts", await dagFolder(files))).code.toString();

describe("a file that cannot be bundled", () => {
  test("names file, line and what is wrong for a syntax error", async () => {
    const error = await errorOf({
      "a.ts": 'import { dag } from "dagsmith";\nconst d = dag("a";\nexport default d;\n',
    });
    expect(error).toMatchObject({
      code: "BUNDLE_FAILED",
      message: 'a.ts:2: Expected ")" but found ";"',
    });
  });

  test("names the imported file when the error is there", async () => {
    const error = await errorOf({
      "a.ts": 'import "./deep/helper.ts";\nexport default 1;',
      "deep/helper.ts": "\n\nconst = 1;\n",
    });
    expect(error.message).toMatch(/^deep\/helper\.ts:3: /);
  });

  test("says what to install for a missing package, without the path inside it", async () => {
    expect(
      (await errorOf({ "a.ts": '\nimport x from "left-pad";\nexport default x;' })).message,
    ).toBe('a.ts:2: The package "left-pad" is not installed. Run: npm install left-pad');
    expect(
      (await errorOf({ "a.ts": 'import x from "@scope/name/part";\nexport default x;' })).message,
    ).toContain("npm install @scope/name");
  });

  test("says so when an imported file does not exist", async () => {
    expect(
      (await errorOf({ "a.ts": 'import x from "./gone.ts";\nexport default x;' })).message,
    ).toContain('"./gone.ts" does not exist');
  });

  test("lists what there is for a plugin that does not exist", async () => {
    const { message } = await errorOf({
      "a.ts": 'import x from "dagsmith/plugins/nope";\nexport default x;',
    });
    expect(message).toMatch(
      /^a\.ts:1: There is no "dagsmith\/plugins\/nope"\. There are: dagsmith, dagsmith\/testing/,
    );
  });

  test("says what can be imported for a file of another kind", async () => {
    const { message } = await errorOf({
      "a.ts": 'import x from "./a.png";\nexport default x;',
      "a.png": "",
    });
    expect(message).toContain(
      "What can be imported: .ts, .js, .json, and as text .sql, .py, .sh, .jq, .graphql, .txt, .md.",
    );
  });

  test("counts the errors that it does not show", async () => {
    expect((await errorOf({ "a.ts": 'import "./x.ts";\nimport "./y.ts";' })).message).toContain(
      "(and 1 more)",
    );
  });

  test("does not hold up the files that stand in one build with it", async () => {
    const folder = await dagFolder({
      "a.ts": soundDag("a"),
      "b.ts": "const = 1;",
      "c.ts": soundDag("c"),
    });
    const { bundles, errors } = await bundleAll(["a.ts", "b.ts", "c.ts"], folder);
    expect(bundles.map(({ file }) => file)).toEqual(["a.ts", "c.ts"]);
    expect(errors).toMatchObject([{ file: "b.ts", line: 1, code: "BUNDLE_FAILED" }]);
  });

  test("blames the DAG file, and points at the line of the helper, when a helper is broken", async () => {
    const folder = await dagFolder({
      "a.ts": 'import "./helper.ts";\nexport default 1;',
      "helper.ts": "\nconst = 1;",
    });
    const { errors } = await bundleAll(["a.ts"], folder);
    expect(errors).toMatchObject([
      { file: "a.ts", line: null, at: { file: "helper.ts", line: 2 } },
    ]);
  });
});

describe("the hash of a bundle", () => {
  const files = {
    "team/a.ts": `import { dag } from "dagsmith";\nimport { x } from "#lib/x";\nimport p from "p";\nimport q from "./q.sql";\nclass Named {}\nconst d = dag("a");\nd.task("t", () => [x, p, q, Named.name].join());\nexport default d;`,
    "team/q.sql": "select 1",
    "lib/x.ts": "export const x = 1;",
    "tsconfig.json": '{ "compilerOptions": { "paths": { "#lib/*": ["./lib/*.ts"] } } }',
    "node_modules/p/package.json": '{ "name": "p", "main": "index.js" }',
    "node_modules/p/index.js": "module.exports = __dirname + require('fs').sep;",
  };

  test("is the same in another folder, with another name, alone or in company", async () => {
    const here = await dagFolder(files);
    const there = await dagFolder(
      { ...files, "other.ts": files["team/a.ts"].replace("./q.sql", "./team/q.sql") },
      "elsewhere entirely",
    );
    const moved = join(dirname(here), "moved");
    const one = await bundle("team/a.ts", here);
    const two = (await bundleAll(["other.ts", "team/a.ts"], there)).bundles[1];
    await rename(here, moved);
    const three = await bundle("team/a.ts", moved);
    expect([two?.bundleHash, three.bundleHash]).toEqual([one.bundleHash, one.bundleHash]);
    expect([two?.sourceMap.toString(), three.sourceMap.toString()]).toEqual([
      one.sourceMap.toString(),
      one.sourceMap.toString(),
    ]);
    expect(one.code.toString() + one.sourceMap.toString()).not.toContain(dirname(here));
  });

  test("changes with an imported file, and not with a comment", async () => {
    const folder = await dagFolder(files);
    const before = await bundle("team/a.ts", folder);
    await writeDagFile(folder, "lib/x.ts", "// one\nexport const x = 1;");
    const commented = await bundle("team/a.ts", folder);
    await writeDagFile(folder, "lib/x.ts", "export const x = 2;");
    const edited = await bundle("team/a.ts", folder);
    expect(commented.bundleHash).toBe(before.bundleHash);
    expect(edited.bundleHash).not.toBe(before.bundleHash);
  });

  test("comes with the files that the bundle was made of, packages too", async () => {
    expect((await bundle("team/a.ts", await dagFolder(files))).inputs).toEqual([
      "lib/x.ts",
      "node_modules/p/index.js",
      "team/a.ts",
      "team/q.sql",
    ]);
  });
});

describe("what stays outside a bundle", () => {
  test("is dagsmith, and Node's modules", async () => {
    const code = await codeOf({
      "a.ts":
        'import { dag } from "dagsmith";\nimport fs from "fs";\nimport { join } from "node:path";\nexport default [dag, fs, join];',
    });
    for (const name of ["dagsmith", "fs", "node:path"]) expect(code).toContain(`from "${name}"`);
  });

  const using =
    'import { dag } from "dagsmith";\nimport n from "native";\nexport default [dag, n];';
  const native = (
    manifest: object,
    files: Readonly<Record<string, string>> = {},
  ): Record<string, string> => ({
    "a.ts": using,
    "node_modules/native/package.json": JSON.stringify({
      name: "native",
      main: "index.js",
      ...manifest,
    }),
    "node_modules/native/index.js": 'module.exports = "inside";',
    ...files,
  });

  test.each([
    ["has a binding.gyp", native({}, { "node_modules/native/binding.gyp": "{}" })],
    ["ships prebuilt files", native({}, { "node_modules/native/prebuilds/x": "" })],
    ["says so", native({ gypfile: true })],
    ["finds its addon with node-gyp-build", native({ dependencies: { "node-gyp-build": "1" } })],
    [
      "picks a package for the machine",
      native({ optionalDependencies: { "@native/linux-x64": "1" } }),
    ],
    [
      "starts with its compiled file",
      native({ main: "addon.node" }, { "node_modules/native/addon.node": "" }),
    ],
  ])("is a package that %s", async (_, files) => {
    expect(await codeOf(files)).toContain('from "native"');
  });

  test("is not an ordinary package", async () => {
    expect(await codeOf(native({}))).toContain('"inside"');
  });

  test("must be installed in the project itself, not only inside another package", async () => {
    const error = await errorOf({
      "a.ts": 'import o from "outer";\nexport default o;',
      "node_modules/outer/package.json": '{ "name": "outer", "main": "index.js" }',
      "node_modules/outer/index.js": 'module.exports = require("native");',
      "node_modules/outer/node_modules/native/package.json":
        '{ "name": "native", "main": "index.js", "gypfile": true }',
      "node_modules/outer/node_modules/native/index.js": "",
    });
    expect(error.message).toContain(
      'The native package "native" must be installed in the project itself. Run: npm install native',
    );
  });

  test("is no compiled file beside the sources", async () => {
    const error = await errorOf({
      "a.ts": '\nimport x from "./x.node";\nexport default x;',
      "x.node": "",
    });
    expect(error.message).toMatch(/^a\.ts:2: "\.\/x\.node" is compiled code/);
  });

  test("is nothing that a package only tries to load", async () => {
    await codeOf({
      "a.ts": 'import o from "optional";\nexport default o;',
      "node_modules/optional/package.json": '{ "name": "optional", "main": "index.js" }',
      "node_modules/optional/index.js":
        'try { module.exports = require("not-there"); } catch { module.exports = null; }',
    });
  });
});

test("a name that an import does not have is a warning with its line", async () => {
  const folder = await dagFolder({
    "a.ts": 'import * as x from "./x.ts";\nexport default x.nope;',
    "x.ts": "export const y = 1;",
  });
  await mkdir(join(folder, "empty"));
  expect((await bundle("a.ts", folder)).warnings).toMatchObject([
    { file: "a.ts", line: 2, code: "BUNDLER" },
  ]);
});
