/** What a task writes for people: labels and the note of its run, and what it really ran. */
import { dag, sql } from "dagsmith";
import { runDag, runTask } from "dagsmith/testing";
import { expect, test } from "vitest";
import { tryRendered } from "../../../runtime/child/context/task_rendered.ts";

test("a run has the labels and the last note of its tasks, also of one that fails", async () => {
  const d = dag("orders");
  const a = d.task("a", async ({ run }) => {
    await run.label("customer", "acme");
    await run.label("region", "eu");
    await run.note("first");
  });
  const b = d.task("b", async ({ run }) => {
    await run.label("region", "us");
    await run.note(" second\n");
    throw new Error("no");
  });
  a.before(b);
  expect(await runDag(d)).toMatchObject({
    state: "failed",
    labels: { customer: "acme", region: "us" },
    note: "second",
  });
});

test("an empty note removes the note", async () => {
  const { note } = await runTask(async ({ run }) => {
    await run.note("x");
    await run.note("");
  });
  expect(note).toBeNull();
});

test.each([
  ["a key with a space", "a b", "x"],
  ["an empty key", "", "x"],
  ["a value that is too long", "key", "x".repeat(201)],
  ["a value that is no text", "key", 3],
  ["a NUL character", "key", "a\0b"],
])("%s is refused as a label", async (_, key, value) => {
  const run = runTask((context) => context.run.label(key, value as string));
  await expect(run).rejects.toThrow(/^The label .* is not allowed/);
});

test("a note that is too long is refused", async () => {
  const run = runTask((context) => context.run.note("x".repeat(10_001)));
  await expect(run).rejects.toThrow(/note: at most 10000 characters/);
});

test("a report of SQL shows its text, and its bound values as JSON", async () => {
  const { rendered } = await runTask(({ rendered, logicalDate }) => {
    const statement = sql`delete from t where day < ${logicalDate} and id = ${12n}`;
    rendered({ sql: [statement, sql`select ${new Uint8Array(3)}`], left: undefined });
    rendered({ path: "/v1", query: { page: 2 } });
    rendered({ path: "/v2" });
  });
  expect(rendered).toEqual({
    sql: "delete from t where day < $1 and id = $2;\nselect $3",
    "sql values": ["2026-01-01T00:00:00.000Z", "12", "3 bytes"],
    path: "/v2",
    query: { page: 2 },
  });
});

test("a field that JSON cannot carry is a warning that names it, and the others stay", async () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const { output, rendered, log } = await runTask((context) => {
    context.rendered({ circle: circle as never, body: (() => 1) as never, path: "/v1" });
    context.rendered(null as never);
    return 1;
  });
  expect({ output, rendered }).toEqual({ output: 1, rendered: { path: "/v1" } });
  expect(log).toMatchObject([
    ...[/^the rendered field "circle" was not written: .*circ/, /"body" .* carry a function$/].map(
      (text) => ({ level: "warn", text: expect.stringMatching(text) }),
    ),
    { level: "warn", text: expect.stringMatching(/^the rendered fields were not written: /) },
  ]);
});

test("a run in this process logs what its tasks really ran, without secrets by name", async () => {
  const lines: string[] = [];
  const d = dag("orders");
  d.task("clean", ({ rendered }) =>
    rendered({ sql: sql`delete from t where id = ${1}`, login: { password: "abc1" } }),
  );
  await runDag(d, { onEvent: (event) => event.type === "log" && lines.push(event.text) });
  expect(lines).toEqual([
    'sql: delete from t where id = $1\nsql values: [1]\nlogin: {"password":"***"}',
  ]);
});

test("while a report is written, only the newest of those that follow waits", async () => {
  const first = Promise.withResolvers<void>();
  const writes: unknown[] = [];
  const writeRendered = async (fields: unknown) => {
    writes.push(fields);
    if (writes.length === 1) await first.promise;
    if (writes.length === 2) throw new Error("the worker is gone");
  };
  const warnings: string[] = [];
  const { rendered, written } = tryRendered({ writeRendered }, (text) => warnings.push(text));
  for (let n = 0; n < 100; n++) rendered({ n });
  const end = written();
  first.resolve();
  await end;
  expect(writes).toEqual([{ n: 0 }, { n: 99 }]);
  expect(warnings).toEqual(["the rendered fields were not written: the worker is gone"]);
  rendered({ n: 100 });
  await written();
  expect(writes.at(-1)).toEqual({ n: 100 });
});

test("a report keeps the first 20 fields, and replaces their values", async () => {
  const { rendered } = await runTask((context) => {
    for (let n = 0; n < 30; n++) context.rendered({ [`field ${n}`]: n });
    context.rendered({ "field 19": "last", "field 20": "left out" });
  });
  expect(Object.entries(rendered)).toHaveLength(20);
  expect(rendered).toMatchObject({ "field 0": 0, "field 19": "last" });
});
