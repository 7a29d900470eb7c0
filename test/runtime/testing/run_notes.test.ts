/** Labels and the note that a task writes on its run. */
import { dag } from "dagsmith";
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
