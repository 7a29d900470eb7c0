/** Calls between the DAGs of a folder: circles are refused, missing DAGs are named. */
import { expect, test } from "vitest";
import { loadFolder } from "../../../runtime/bundler/folder.ts";
import { dagFolder } from "../../support/dag-folder.ts";

const { PATH, NODE_COMPILE_CACHE } = process.env;
const load = async (files: Readonly<Record<string, string>>) =>
  loadFolder(await dagFolder(files), {
    processes: 1,
    environment: { PATH, NODE_COMPILE_CACHE },
  });

const calling = (id: string, of: string): string => `
import { dag } from "dagsmith";
const d = dag("${id}");
d.call("it", "${of}");
export default d;`;

test("DAGs that call each other in a circle are refused, each with the path; others stay", async () => {
  const { versions, errors } = await load({
    "a.ts": calling("a", "b"),
    "b.ts": calling("b", "c"),
    "c.ts": calling("c", "a"),
    "d.ts": calling("d", "a"),
  });
  expect(versions.map(({ dagId }) => dagId)).toEqual(["d"]);
  expect(errors.map(({ file, line, code, message }) => [file, line, code, message])).toEqual([
    ["a.ts", 3, "CALL_CIRCLE", expect.stringContaining("a -> b -> c -> a")],
    ["b.ts", 3, "CALL_CIRCLE", expect.stringContaining("b -> c -> a -> b")],
    ["c.ts", 3, "CALL_CIRCLE", expect.stringContaining("c -> a -> b -> c")],
  ]);
});

test("a call of a DAG of another file, by reference and by id, works; a missing DAG is named", async () => {
  const { versions, errors, warnings } = await load({
    "called.ts": `
import { dag } from "dagsmith";
const d = dag("called");
export default d.output({ rows: d.task("rows", () => 1) });`,
    "caller.ts": `
import { dag } from "dagsmith";
import called from "./called.ts";
const d = dag("caller");
d.call("reference", called);
d.call("id", "called");
d.call("missing", "elsewhere");
export default d;`,
  });
  expect(errors).toEqual([]);
  expect(versions.map(({ dagId }) => dagId)).toEqual(["called", "caller"]);
  expect(warnings.map(({ file, line, code }) => [file, line, code])).toEqual([
    ["caller.ts", 4, "UNKNOWN_CALLED_DAG"],
  ]);
});
