/** Groups where people look at a DAG: as a drawing, and as places in its file. */
import { expect, test } from "vitest";
import { factsOf, taskPositions } from "../../../runtime/bundler/facts.ts";
import { mermaid, tree } from "../../../runtime/cli/commands/show.ts";
import type { Style } from "../../../runtime/cli/output/terminal.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { chain } from "../../../sdk/task/wirable.ts";

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
  const lines = Object.entries(taskPositions("d.ts", factsOf("d.ts", FILE), describeDag(d))).map(
    ([id, { line }]) => [id, line],
  );
  expect(Object.fromEntries(lines)["outer.a"]).toBe(4);
  expect(Object.keys(Object.fromEntries(lines))).toEqual(["outer.a", "outer.inner.b", "b"]);
});

const same = (text: string): string => text;
const PLAIN: Style = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };

const asOne = dag("as_one");
const list = asOne.task("list", () => [1]);
const mapped = asOne.group("mapped", { each: list, retries: 1, retryDelay: "1m" }, (g) => {
  chain(
    g.empty("a"),
    g.group("plain", (h) => h.empty("b")),
  );
  g.group("timed", { executionTimeout: "1h" }, (h) => h.empty("c"));
});
chain(mapped, [asOne.empty("left"), asOne.empty("right")], asOne.empty("join"));

test("a group that runs as one holds its tasks in the tree, ahead of what comes after it", () => {
  expect(tree(describeDag(asOne), PLAIN)).toEqual([
    "as_one  on demand, 7 tasks",
    "└─ list",
    "   └─ mapped  group, each of list, 1 retry after 1 min",
    "      ╞═ mapped.a  empty",
    "      │  └─ mapped.plain.b  empty",
    "      ╞═ mapped.timed  group",
    "      │  ╘═ mapped.timed.c  empty",
    "      ├─ left  empty",
    "      │  └─ join  empty",
    "      └─ right  empty",
    "         └─ join",
  ]);
});

test("a group that runs as one is a frame in the drawing, and edges lead to the frame", () => {
  expect(mermaid(describeDag(asOne))).toEqual([
    "flowchart LR",
    '  t0["list"]',
    '  t6["left"]',
    '  t7["right"]',
    '  t8["join"]',
    '  subgraph g0["mapped"]',
    '    t2["mapped.a"]',
    '    subgraph g1["mapped.plain"]',
    '      t5["mapped.plain.b"]',
    "    end",
    '    subgraph g2["mapped.timed"]',
    '      t4["mapped.timed.c"]',
    "    end",
    "  end",
    "  t0 --> g0",
    "  t2 --> t5",
    "  g0 --> t6",
    "  g0 --> t7",
    "  t6 --> t8",
    "  t7 --> t8",
  ]);
});

const SAME_NAMES = `import { dag } from "dagsmith";
const d = dag("same");
d.empty("a");
d.group("one", { retries: 1 }, (g) => {
  g.empty("a");
  g.group("two", (h) => {
    h.sensor("a", () => true);
  });
  g.empty("b");
});
for (const name of ["x", "y"])
  d.group(\`of_\${name}\`, (g) => g.empty("a"));
export default d;
`;

test("tasks of the same local id are told apart by the groups around them, and groups have places too", () => {
  const d = dag("same");
  d.empty("a");
  d.group("one", { retries: 1 }, (g) => {
    g.empty("a");
    g.group("two", (h) => h.sensor("a", () => true));
    g.empty("b");
  });
  for (const name of ["x", "y"]) d.group(`of_${name}`, (g) => g.empty("a"));
  const places = taskPositions("d.ts", factsOf("d.ts", SAME_NAMES), describeDag(d));
  expect(Object.fromEntries(Object.entries(places).map(([id, { line }]) => [id, line]))).toEqual({
    ...{ a: 3, one: 4, "one.a": 5, "one.two.a": 7, "one.b": 9 },
    ...{ "of_x.a": 12, "of_y.a": 12 },
  });
});
