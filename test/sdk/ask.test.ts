/** Questions as DAG files declare them: their types, and what is refused. */
import { type AnswerOf, dag } from "dagsmith";
import { describe, expect, expectTypeOf, it, test } from "vitest";
import { z } from "zod";
import type { Dag } from "../../sdk/dag/dag.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";

const form = z.object({ publish: z.boolean(), note: z.string().default("none") });
const subject = "Publish July?";

function declared(declare: (d: Dag<unknown>) => unknown) {
  const d = dag("d");
  declare(d);
  return describeDag(d).tasks.at(-1);
}

describe("the type of an answer", () => {
  it("is the form, the chosen option, or both", () => {
    const d = dag("d", { params: z.object({ month: z.string() }) });
    const fields = d.ask("fields", { subject, form });
    const option = d.ask("option", { subject, options: ["publish", "reject"] });
    const both = d.ask("both", { subject, form, options: ["publish", "reject"] });
    const list = d.ask("list", {
      each: ["a", "b"],
      subject: ({ item, params }) => `${item.toUpperCase()} of ${params.month}?`,
      options: ["yes", "no"],
    });
    d.ask("after", {
      inputs: { fields, option, list },
      subject: ({ inputs }) => `${inputs.fields.note} ${inputs.option} ${inputs.list.length}`,
      options: ["yes"],
    });
    expectTypeOf(fields.output).toEqualTypeOf<{ publish: boolean; note: string }>();
    expectTypeOf(option.output).toEqualTypeOf<"publish" | "reject">();
    expectTypeOf(both.output).toEqualTypeOf<{
      readonly option: "publish" | "reject";
      readonly form: { publish: boolean; note: string };
    }>();
    expectTypeOf(list.output).toEqualTypeOf<("yes" | "no")[]>();
    expectTypeOf<AnswerOf<typeof form, never>>().toEqualTypeOf<{
      publish: boolean;
      note: string;
    }>();
  });

  it("also binds `otherwise`, and retries are no option", () => {
    const d = dag("d");
    const timeout = "1d";
    d.ask("a", { subject, form, timeout, otherwise: { publish: false, note: "" } });
    expect(() => {
      // @ts-expect-error another option
      d.ask("b", { subject, options: ["yes", "no"], timeout, otherwise: "maybe" });
      // @ts-expect-error a question is asked once
      d.ask("c", { subject, options: ["yes"], retries: 2 });
    }).toThrow('question "c" of DAG "d": retries is given; allowed: no retries');
  });
});

const options = ["yes", "no"] as const;
test.each<[string, (d: Dag<unknown>) => unknown, string]>([
  ["neither form nor options", (d) => d.ask("q", { subject }), "form is missing"],
  ["no subject", (d) => d.ask("q", { options } as never), "subject is missing"],
  ["an option twice", (d) => d.ask("q", { subject, options: ["a", "a"] }), "different texts"],
  ["no options", (d) => d.ask("q", { subject, options: [] }), "1 to 20 different texts"],
  ["a form of no object", (d) => d.ask("q", { subject, form: z.array(z.int()) }), "of no object"],
  [
    "a form that transforms",
    (d) => d.ask("q", { subject, form: z.object({ at: z.string().transform(Number) }) }),
    "one without a JSON form",
  ],
  [
    "an unknown role",
    (d) => d.ask("q", { subject, options, role: "boss" as never }),
    "role is boss",
  ],
  ["no assignee", (d) => d.ask("q", { subject, options, assignees: [] }), "assignees is []"],
  [
    "otherwise without a timeout",
    (d) => d.ask("q", { subject, options, otherwise: "no" }),
    "otherwise is given without a timeout",
  ],
  [
    "otherwise that no person can answer",
    (d) => d.ask("q", { subject, options, timeout: "1d", otherwise: "maybe" as never }),
    "one of yes, no",
  ],
  [
    "otherwise that does not fit the form",
    (d) => d.ask("q", { subject, form, timeout: "1d", otherwise: {} as never }),
    "an answer that fits the form",
  ],
  [
    "a reminder that reminds of nothing",
    (d) => d.ask("q", { subject, options, reminder: "1d" }),
    "reminder is given without onAsk",
  ],
  [
    "a misspelt option",
    (d) => d.ask("q", { subject, options, asignees: ["a"] } as never),
    "asignees",
  ],
])("%s is refused", (_, declare, message) => {
  expect(() => declared(declare)).toThrow(message);
});

test("its plain form says who may answer, and what an answer looks like", () => {
  const onAsk = () => undefined;
  expect(
    declared((d) => d.ask("q", { subject, form, assignees: ["ada"], reminder: "1d", onAsk })),
  ).toMatchObject({
    operator: "ask",
    retries: 0,
    callbacks: ["onAsk"],
    ask: { options: [], assignees: ["ada"], role: null, formSchema: { type: "object" } },
  });
  expect(declared((d) => d.ask("q", { subject, options }))?.ask).toEqual({
    ...{ options: ["yes", "no"], assignees: [], role: "operator", formSchema: null },
  });
});

test("retries among the defaults hold only for the try that writes the question", () => {
  const d = dag("d", { defaults: { retries: 3 } });
  d.ask("q", { subject, options });
  expect(describeDag(d).tasks[0]).toMatchObject({ retries: 3 });
});
