import { expect, test } from "vitest";
import { loadFolder } from "../../../runtime/bundler/folder.ts";
import { dagFolder } from "../../support/dag-folder.ts";

test("a DAG that waits for what no DAG of the folder updates, or for what it updates itself, is a warning at its line", async () => {
  const folder = await dagFolder({
    "writer.ts": [
      'import { asset, dag } from "dagsmith";',
      'const d = dag("writer");',
      'd.task("a", { outlets: [asset("s3://lake/written")] }, () => null);',
      "export default d;",
    ].join("\n"),
    "reader.ts": [
      'import { allOf, asset, assetAlias, dag } from "dagsmith";',
      'const own = asset("s3://lake/own");',
      'const d = dag("reader", { schedule: allOf(asset("s3://lake/written"), asset("s3://lake/mistyped"), assetAlias("none"), own) });',
      'd.task("a", { outlets: [own] }, () => null);',
      "export default d;",
    ].join("\n"),
  });
  const { warnings, errors } = await loadFolder(folder, { processes: 1 });
  expect(errors).toEqual([]);
  const at = { file: "reader.ts", line: 3 };
  expect(warnings).toEqual([
    {
      ...at,
      code: "ASSET_WITHOUT_PRODUCER",
      message: expect.stringContaining("s3://lake/mistyped"),
    },
    { ...at, code: "ASSET_WITHOUT_PRODUCER", message: expect.stringContaining("alias none") },
    { ...at, code: "ASSET_LOOP", message: expect.stringContaining("s3://lake/own") },
  ]);
});

test("a DAG that waits for runs of one that is not there, or in a circle, is a warning", async () => {
  const waiting = (id: string, on: string): string =>
    `import { dag, dagRun } from "dagsmith";\nconst d = dag("${id}", { on: [dagRun({ dag: "${on}" })] });\nd.empty("a");\nexport default d;\n`;
  const folder = await dagFolder({
    "a.ts": waiting("a", "c"),
    "b.ts": waiting("b", "a"),
    "c.ts": waiting("c", "b"),
    "d.ts": waiting("d", "none"),
  });
  const { warnings } = await loadFolder(folder, { processes: 1 });
  expect(warnings.map(({ file, line, code, message }) => [file, line, code, message])).toEqual([
    ["a.ts", 2, "EVENT_LOOP", expect.stringContaining("a -> b -> c -> a")],
    ["b.ts", 2, "EVENT_LOOP", expect.stringContaining("b -> c -> a -> b")],
    ["c.ts", 2, "EVENT_LOOP", expect.stringContaining("c -> a -> b -> c")],
    ["d.ts", 2, "UNKNOWN_HEARD_DAG", expect.stringContaining('"none"')],
  ]);
});
