import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type FolderLoad, loadFolder } from "../../../runtime/bundler/folder.ts";
import { startInspector } from "../../../runtime/bundler/inspector.ts";
import { dagFolder, soundDag, writeDagFile } from "../../support/dag-folder.ts";

const load = async (files: Readonly<Record<string, string>>): Promise<FolderLoad> =>
  loadFolder(await dagFolder(files), { processes: 1 });
const ids = ({ versions }: FolderLoad): string[] => versions.map(({ dagId }) => dagId);

/** Loads a folder, changes it, and loads it again with what is known from before. */
async function reload(
  files: Readonly<Record<string, string>>,
  change: (folder: string) => Promise<unknown>,
) {
  const folder = await dagFolder(files);
  const inspector = startInspector(folder, { processes: 1 });
  onTestFinished(() => inspector.stop());
  const before = await loadFolder(folder, { inspector });
  await change(folder);
  return { before, now: await loadFolder(folder, { inspector, previous: before }) };
}

describe("a load", () => {
  test("gives one version for each DAG, with what it needs to be stored and run", async () => {
    const { versions, errors, warnings } = await load({
      "team/a.ts": [
        'import { dag } from "dagsmith";',
        'import { region } from "../lib/region.ts";',
        'const d = dag("a");',
        'd.empty("literal");',
        `for (const n of [1, 2]) d.empty(\`load_\${n}_to_\${region}\`);`,
        "d.empty(region);",
        'const e = dag("b");',
        'e.empty("literal");',
        "export default [d, e];",
      ].join("\n"),
      "lib/region.ts": 'export const region = "eu";',
    });
    expect([errors, warnings]).toEqual([[], []]);
    const [a, b] = versions;
    expect(a).toMatchObject({
      dagId: "a",
      file: "team/a.ts",
      position: { file: "team/a.ts", line: 3 },
      imports: ["lib/region.ts", "team/a.ts"],
      positions: { literal: { line: 4 }, load_1_to_eu: { line: 5 }, load_2_to_eu: { line: 5 } },
    });
    expect(a?.positions).not.toHaveProperty("eu");
    expect(b?.positions).toEqual({ literal: { file: "team/a.ts", line: 8 } });
    expect(a?.spec.tasks.map(({ taskId }) => taskId)).toEqual([
      "literal",
      "load_1_to_eu",
      "load_2_to_eu",
      "eu",
    ]);
    expect(a?.bundleHash).toBe(b?.bundleHash);
    expect(a?.versionHash).not.toBe(b?.versionHash);
    expect(JSON.parse(a?.sourceMap.toString() ?? "").sources).toContain("lib/region.ts");
  });

  test("passes helpers over in silence, whatever they export", async () => {
    const { versions, errors, warnings } = await load({
      "a.ts":
        'import { dag } from "dagsmith";\nimport make from "./factory.ts";\ndag;\nexport default make("a");',
      "b.ts": 'import make from "./factory.ts";\nexport default make("b");',
      "factory.ts":
        'import { dag } from "dagsmith";\nexport default function make(id: string) { const d = dag(id); d.empty("x"); return d; }',
      "hook.ts": 'import { defineHook } from "dagsmith";\nexport default [defineHook];',
      "settings.ts":
        'import { region } from "./region.ts";\nexport default [region, await Promise.resolve(1)];',
      "region.ts": 'export const region = "eu";',
    });
    expect([versions.map(({ dagId }) => dagId), errors, warnings]).toEqual([["a", "b"], [], []]);
  });

  test("of an empty folder is empty, and of none an error", async () => {
    expect(ids(await load({}))).toEqual([]);
    await expect(loadFolder("/nowhere/dags")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  test("shows each broken file with its line, and gives the DAGs of all others", async () => {
    const { versions, errors } = await load({
      "a.ts": soundDag("a"),
      "cycle.ts":
        'import { chain, dag } from "dagsmith";\n\nconst d = dag("cycle");\nconst [x, y] = [d.empty("x"), d.empty("y")];\nchain(x, y, x);\nexport default d;',
      "empty.ts": 'import { dag } from "dagsmith";\n\nexport default dag("empty");',
      "hangs.ts":
        'import { dag } from "dagsmith";\n\nawait new Promise(() => {});\nexport default dag("hangs");',
      "missing.ts":
        'import { dag } from "dagsmith";\nimport "left-pad";\nexport default dag("missing");',
      "object.ts": 'import { dag } from "dagsmith";\nexport default { d: dag("object") };',
      "syntax.ts": 'import { dag } from "dagsmith";\nexport default dag("syntax"',
      "throws.ts":
        'import { dag } from "dagsmith";\n\nthrow new Error("no");\nexport default dag("throws");',
      "z.ts": soundDag("z"),
    });
    expect(versions.map(({ dagId }) => dagId)).toEqual(["a", "z"]);
    expect(
      Object.fromEntries(errors.map(({ file, code, line }) => [file, `${code} ${line}`])),
    ).toEqual({
      "cycle.ts": "CYCLE 3",
      "empty.ts": "EMPTY_DAG 3",
      "hangs.ts": "IMPORT_UNSETTLED 3",
      "missing.ts": "BUNDLE_FAILED 2",
      "object.ts": "NOT_A_DAG null",
      "syntax.ts": "BUNDLE_FAILED 2",
      "throws.ts": "IMPORT_FAILED 3",
    });
  });

  test("warns of an exported function that nothing imports, of work at import, and of the place of the bundle", async () => {
    const { warnings } = await load({
      "a.ts": `${soundDag("a")}await Promise.resolve();\nexport const here = import.meta.url;\n`,
      "lonely.ts":
        'import { dag } from "dagsmith";\nexport default function make() { return dag("x"); }',
    });
    expect(warnings.map(({ file, line, code }) => `${file}:${line} ${code}`)).toEqual([
      "a.ts:5 WORK_AT_IMPORT",
      "a.ts:6 BUNDLE_LOCATION",
      "lonely.ts:2 EXPORTS_A_FUNCTION",
    ]);
  });

  test("warns of a DAG that no file exports, and not of one that another file does", async () => {
    const { versions, warnings } = await load({
      "forgotten.ts": soundDag("forgotten").replace("export default d;", ""),
      "kept.ts": soundDag("kept").replace("export default d;", "export { d };"),
      "exports.ts": 'export { d as default } from "./kept.ts";',
    });
    expect(warnings.map(({ file, line, code }) => `${file}:${line} ${code}`)).toEqual([
      "forgotten.ts:2 NO_DEFAULT_EXPORT",
    ]);
    expect(versions.map(({ dagId }) => dagId)).toEqual(["kept"]);
  });
});

describe("an id that two files use", () => {
  test("stays with the first file by path, and the other has an error with both places", async () => {
    const { versions, errors } = await load({
      "b.ts": soundDag("twice"),
      "c/a.ts": `\n${soundDag("twice")}`,
      "d.ts": soundDag("once"),
    });
    expect(versions.map(({ dagId, file }) => `${dagId} ${file}`)).toEqual([
      "twice b.ts",
      "once d.ts",
    ]);
    expect(errors).toMatchObject([{ file: "c/a.ts", line: 3, code: "DUPLICATE_DAG_ID" }]);
    expect(errors[0]?.message).toContain("b.ts:2 and c/a.ts:3");
  });

  test("is found also where the text does not show it", async () => {
    const computed =
      'import { dag } from "dagsmith";\nconst d = dag(["tw", "ice"].join(""));\nd.empty("x");\nexport default d;';
    const { errors } = await load({ "a.ts": soundDag("twice"), "b.ts": computed });
    expect(errors).toMatchObject([{ file: "b.ts", line: null, code: "DUPLICATE_DAG_ID" }]);
  });

  test("passes to the other file when the first goes away", async () => {
    const { now } = await reload({ "a.ts": soundDag("x"), "b.ts": soundDag("x") }, (folder) =>
      rm(join(folder, "a.ts")),
    );
    expect([now.versions.map(({ file }) => file), now.errors]).toEqual([["b.ts"], []]);
  });

  test("may stand in one file twice, and is an error there", async () => {
    const { versions, errors } = await load({
      "a.ts":
        'import { dag } from "dagsmith";\nconst make = () => {\n  const d = dag("x");\n  d.empty("t");\n  return d;\n};\nexport default [make(), make()];',
    });
    expect([versions.length, errors.map(({ code }) => code)]).toEqual([1, ["DUPLICATE_DAG_ID"]]);
  });
});

describe("a load after a load", () => {
  const files = {
    "a.ts":
      'import { dag } from "dagsmith";\nimport { region } from "./lib.ts";\nconst d = dag("a");\nd.empty(region);\nexport default d;',
    "b.ts": soundDag("b"),
    "lib.ts": 'export const region = "eu";',
  };

  test("keeps the very versions of files that did not change", async () => {
    const { before, now } = await reload(files, async () => {});
    for (const [index, version] of before.versions.entries())
      expect(now.versions[index]).toBe(version);
  });

  test("makes a new version of the DAG whose helper changed, and of no other", async () => {
    const { before, now } = await reload(files, (folder) =>
      writeDagFile(folder, "lib.ts", 'export const region = "us";'),
    );
    expect(now.versions[0]?.spec.tasks[0]?.taskId).toBe("us");
    expect(now.versions[0]?.versionHash).not.toBe(before.versions[0]?.versionHash);
    expect(now.versions[1]).toBe(before.versions[1]);
  });

  test("keeps the hash and moves the positions when lines were only shifted", async () => {
    const { before, now } = await reload(files, (folder) =>
      writeDagFile(folder, "b.ts", `// a comment\n${files["b.ts"]}`),
    );
    expect(now.versions[1]?.versionHash).toBe(before.versions[1]?.versionHash);
    expect(now.versions[1]?.positions.work?.line).toBe(4);
  });

  test("builds again when the settings change what an import leads to", async () => {
    const { now } = await reload(
      {
        "a.ts": files["a.ts"].replace("./lib.ts", "#lib"),
        "lib.ts": files["lib.ts"],
        "other.ts": 'export const region = "us";',
        "tsconfig.json": '{ "compilerOptions": { "paths": { "#lib": ["./lib.ts"] } } }',
      },
      (folder) =>
        writeDagFile(
          folder,
          "tsconfig.json",
          '{ "compilerOptions": { "paths": { "#lib": ["./other.ts"] } } }',
        ),
    );
    expect(now.versions[0]?.spec.tasks[0]?.taskId).toBe("us");
  });

  test("mends a file when what it missed appears", async () => {
    const { before, now } = await reload({ "a.ts": files["a.ts"] }, (folder) =>
      writeDagFile(folder, "lib.ts", files["lib.ts"]),
    );
    expect([before.errors.length, now.errors.length, ids(now)]).toEqual([1, 0, ["a"]]);
  });

  test("forgets a file that went away, and finds one that came", async () => {
    const { now } = await reload(files, async (folder) => {
      await rm(join(folder, "b.ts"));
      await writeDagFile(folder, "c.ts", soundDag("c"));
    });
    expect(ids(now)).toEqual(["a", "c"]);
  });

  test("has an error for a DAG whose helper went away", async () => {
    const { now } = await reload(files, (folder) => rm(join(folder, "lib.ts")));
    expect([ids(now), now.errors.map(({ file, line }) => `${file}:${line}`)]).toEqual([
      ["b"],
      ["a.ts:2"],
    ]);
  });
});

test("an import that takes longer than a second is a warning", async () => {
  const { warnings } = await load({
    "a.ts": `${soundDag("a")}const end = Date.now() + 1_100;\nwhile (Date.now() < end);\n`,
  });
  expect(warnings).toMatchObject([{ file: "a.ts", code: "SLOW_IMPORT" }]);
});
