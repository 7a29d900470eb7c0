/** Questions in `runDag`: answers that are given, missing, or wrong. */
import { dag } from "dagsmith";
import { type AskedInMemory, runDag } from "dagsmith/testing";
import { expect, test } from "vitest";
import { z } from "zod";

const form = z.object({ publish: z.boolean(), note: z.string().default("none") });

function asking(more: { readonly timeout?: "1d"; readonly otherwise?: never } = {}) {
  const d = dag("asking", { params: z.object({ month: z.string().default("July") }) });
  const rows = d.task("rows", () => 12);
  const answer = d.ask("approve", {
    inputs: { rows },
    subject: ({ params, inputs }) => `Publish ${inputs.rows} rows of ${params.month}?`,
    body: "All **checks** passed.",
    form,
    ...more,
  });
  d.task("use", { inputs: { answer } }, ({ inputs }) => inputs.answer.note);
  return d;
}

test("without an answer the task fails, and says what to pass", async () => {
  const run = await runDag(asking());
  expect(run.state).toBe("failed");
  expect(run.tasks.find(({ taskId }) => taskId === "approve")).toMatchObject({
    state: "failed",
    reason:
      'NO_ANSWER: Question "approve" ("Publish 12 rows of July?") has no answer. Give it: dag test --answer approve=\'…\', or `answers` of runDag. It is the JSON object of the form.',
  });
});

test.each([
  [{ publish: "yes" }, "publish: must be true or false"],
  [{ publish: true, more: 1 }, "answer: must not have more"],
  ["yes", "answer: must be an object"],
])("the answer %j is refused in words", async (answer, problem) => {
  const run = await runDag(asking(), { answers: { approve: answer } });
  expect(run.tasks.find(({ taskId }) => taskId === "approve")?.reason).toBe(
    `INVALID_ANSWER: The answer to question "approve" of DAG "asking" is refused: ${problem}.`,
  );
});

test("an answer is the output, with the defaults of the form", async () => {
  const run = await runDag(asking(), { answers: { approve: { publish: true } } });
  expect(run.xcom("approve")).toEqual({ publish: true, note: "none" });
  expect(run.xcom("use")).toBe("none");
});

test("without an answer, `otherwise` is the output", async () => {
  const d = dag("late");
  d.ask("q", { subject: "Go?", options: ["yes", "no"], timeout: "1d", otherwise: "no" });
  expect((await runDag(d)).xcom("q")).toBe("no");
});

test("each instance of a mapped question has an answer; others share that of the task", async () => {
  const d = dag("mapped");
  const all = d.ask("q", {
    each: ["a", "b", "c"],
    subject: ({ item }) => `${item}?`,
    options: ["yes", "no"],
  });
  d.task("count", { inputs: { all } }, ({ inputs }) => inputs.all);
  const run = await runDag(d, { answers: { q: "no", "q[1]": "yes" } });
  expect(run.xcom("count")).toEqual(["no", "yes", "no"]);
});

test("a function that answers hears why its answer was refused", async () => {
  const d = dag("told");
  d.ask("q", {
    subject: "Go?",
    body: "Now.",
    options: ["yes", "no"],
    form: z.object({ n: z.int() }),
  });
  const asked: AskedInMemory[] = [];
  const answers = [
    { option: "perhaps" },
    { option: "yes", form: { n: 1.5 } },
    { option: "yes", form: { n: 2 } },
  ];
  const run = await runDag(d, {
    onQuestion: async (question) => {
      asked.push(question);
      return answers[asked.length - 1];
    },
  });
  expect(run.xcom("q")).toEqual({ option: "yes", form: { n: 2 } });
  expect(asked.map(({ problem }) => problem?.split("refused: ")[1] ?? null)).toEqual([
    null,
    'choose one of "yes", "no".',
    "n: must be a whole number.",
  ]);
  expect(asked[0]).toMatchObject({
    name: "q",
    subject: "Go?",
    body: "Now.",
    options: ["yes", "no"],
  });
});

test("in a loop of a group each iteration asks", async () => {
  const d = dag("looping");
  d.group("pages", { loop: { initial: 0, until: (n) => n >= 2, maxIterations: 5 } }, (g) => {
    const answer = g.ask("more", { subject: ({ item }) => `Page ${item}?`, options: ["yes"] });
    return g.task("next", { inputs: { answer } }, ({ item }) => item + 1);
  });
  const subjects: string[] = [];
  const onQuestion = async ({ subject }: AskedInMemory) => {
    subjects.push(subject);
    return "yes";
  };
  expect((await runDag(d, { onQuestion })).state).toBe("success");
  expect(subjects).toEqual(["Page 0?", "Page 1?"]);
});
