/** Groups where people look at a DAG: as a drawing, and as places in its file. */
import { expect, test } from "vitest";
import { factsOf, taskPositions } from "../../../runtime/bundler/facts.ts";
import { mermaid } from "../../../runtime/cli/commands/show.ts";
import { chain, dag } from "../../../sdk/dag.ts";
import { describeDag } from "../../../sdk/describe.ts";

const FILE = `import { chain, dag } from "dagsmith";
const d = dag("d");
const outer = d.group("outer", (g) => {
  g.empty("a");
  g.group("inner", (h) => h.empty("b"));
});
chain(outer, d.empty("b"));
export default d;
`;

const d = dag("d");
const outer = d.group("outer", (g) => {
  g.empty("a");
  g.group("inner", (h) => h.empty("b"));
});
chain(outer, d.empty("b"));

test("a drawing holds the tasks of each group together", () => {
  expect(mermaid(describeDag(d))).toEqual([
    "flowchart LR",
    '  t2["b"]',
    '  subgraph g0["outer"]',
    '    t0["outer.a"]',
    '    subgraph g1["outer.inner"]',
    '      t1["outer.inner.b"]',
    "    end",
    "  end",
    "  t0 --> t2",
    "  t1 --> t2",
  ]);
});

test("a task in a group is found in the text by the id that stands there", () => {
  const lines = Object.entries(taskPositions("d.ts", factsOf("d.ts", FILE), describeDag(d))).map(([id, { line }]) => [id, line]);
  expect(Object.fromEntries(lines)["outer.a"]).toBe(4);
  expect(Object.keys(Object.fromEntries(lines))).toEqual(["outer.a", "outer.inner.b", "b"]);
});
