/** What a task writes for people: labels and the note of its run, and what it really ran. */
import { dag, sql } from "dagsmith";
import { runDag, runTask } from "dagsmith/testing";
import { expect, test } from "vitest";

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

test("a report that JSON cannot carry is a warning in the log, and the task succeeds", async () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const { output, rendered, log } = await runTask((context) => {
    context.rendered({ circle: circle as never });
    context.rendered({ path: "/v1" });
    return 1;
  });
  expect({ output, rendered }).toEqual({ output: 1, rendered: { path: "/v1" } });
  expect(log).toMatchObject([
    { level: "warn", text: expect.stringMatching(/^the rendered fields were not written: .*circ/) },
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
