/**
 * A list is asked for, and a record is given: the compiler, `dag check` and the run say
 * what to do.
 */
import { resolve } from "node:path";
import { Project, ts } from "ts-morph";
import { beforeAll, describe, expect, test } from "vitest";
import { runDag } from "../../runtime/testing/index.ts";
import { type Dag, dag } from "../../sdk/dag/dag.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import type { Items } from "../../sdk/task/items.ts";
import { pick } from "../../sdk/task/pick.ts";

const MISTAKES = [
  'd.task("t", { each: record }, () => 1)',
  'd.task("t", { each: record, maxActive: 2 }, ({ item }) => item)',
  'd.task("t", { each: dictionary }, () => 1)',
  'd.task("t", { each: { a: 1 } }, () => 1)',
  'd.task("t", { each: pick(record, "x") }, () => 1)',
  'd.task("t", { each: text }, () => 1)',
  'd.task("t", { each: 5 }, () => 1)',
  'd.sensor("t", { each: record }, () => true)',
  'd.group("t", { each: dictionary }, (g) => g.empty("u"))',
] as const;
const RIGHT = [
  'd.task("t", { each: entries(record) }, ({ item: [name, n] }) => name + (n + 1))',
  'd.task("t", { each: pick(record, "list") }, ({ item }) => item.length)',
  'd.task("t", { each: over(list).map((one) => one.length) }, ({ item }) => item + 1)',
  'd.task("t", { each: list }, ({ item }) => item.length)',
  'd.task("t", { each: [] }, () => 1)',
] as const;
const PRELUDE = `import { dag, entries, over, pick } from "./index.ts";
const d = dag("d");
const record = d.task("a", () => ({ x: 1, list: ["a"] }));
const numbers = d.task("n", () => ({ x: 1, y: 2 }));
const dictionary = d.task("b", (): Record<string, number> => ({}));
const text = d.task("c", () => "abc");
const list = d.task("l", () => ["abc"]);
`;

/** The compiler's messages, by line. */
let messages: ReadonlyMap<string, string>;
beforeAll(() => {
  const project = new Project({
    tsConfigFilePath: "tsconfig.json",
    skipAddingFilesFromTsConfig: true,
  });
  const lines = [...MISTAKES, ...RIGHT].map((line) =>
    line.replace("entries(record)", "entries(numbers)"),
  );
  const text = PRELUDE + lines.map((line) => `${line};\n`).join("");
  const file = project.createSourceFile(resolve("sdk/each_record.ts"), text);
  const found = file.getPreEmitDiagnostics().map(({ compilerObject: { start, messageText } }) => ({
    line: text.slice(PRELUDE.length, start).split("\n").length - 1,
    message: ts.flattenDiagnosticMessageText(messageText, "\n"),
  }));
  messages = new Map(
    [...MISTAKES, ...RIGHT].map((line, at) => [
      line,
      found.flatMap((one) => (one.line === at ? [one.message] : [])).join("\n"),
    ]),
  );
}, 180_000);

describe("the compiler", () => {
  test.each(MISTAKES)("refuses %s, and says what makes a list of it", (line) => {
    expect(messages.get(line)).toMatch(/each takes a list: entries|type 'EachTakesAList'/);
  });

  test.each(RIGHT)("takes %s", (line) => {
    expect(messages.get(line)).toBe("");
  });
});

const HINT = "entries(";
const described = (each: unknown) => () => {
  const d = dag("d");
  d.task("t", { each: each as Items<number> }, () => 1);
  return describeDag(d as unknown as Dag<unknown>);
};

describe("dag check", () => {
  test.each([
    ["a record", { a: 1 }],
    ["null", null],
    ["number", 5],
    ["string", "abc"],
  ])("refuses %s, and names entries() and pick()", (found, each) => {
    expect(described(each)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
    expect(described(each)).toThrow(found);
    expect(described(each)).toThrow(HINT);
  });
});

describe("a run", () => {
  test.each([
    ["a record", "an object"],
    ["a field of it", "a number"],
  ])("whose list is %s fails the task with the way to a list", async (what, found) => {
    const d = dag("d");
    const record = d.task("record", () => ({ x: 1 }));
    const each = what === "a record" ? record : pick(record, "x");
    d.task("t", { each: each as unknown as Items<number> }, () => 1);
    const { tasks } = await runDag(d);
    const error = tasks.find(({ taskId }) => taskId === "t")?.error;
    expect(error?.message).toContain(found);
    expect(error?.message).toContain("Of a record take entries(record");
  });
});
