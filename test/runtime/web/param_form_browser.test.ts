/** The form of a DAG's params in a real browser: what it shows is what it sends. */
import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import * as actions from "../../../runtime/actions/index.ts";
import type { Json } from "../../../sdk/json.ts";
import { launchBrowser } from "../../support/browser.ts";
import { dagSpec } from "../../support/rows.ts";
import { browserCookies } from "../../support/signed_in.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

/**
 * Every kind of field: with the value that a person gives it, by the way of the person.
 */
interface Case {
  readonly schema: z.ZodType;
  /** @param param the part of the form that is about the param */
  readonly enter: (param: Locator) => Promise<unknown>;
  readonly sent: Json | undefined;
}
const field = (param: Locator) => param.locator(".value");
const fill = (text: string) => (param: Locator) => field(param).fill(text);
const stands = (presence: string) => (param: Locator) =>
  param.locator(`input[value="${presence}"]`).check();
const nothing = async (): Promise<void> => {};

const CASES: Readonly<Record<string, Case>> = {
  "a text": { schema: z.string(), enter: fill(" a b "), sent: " a b " },
  "a text that is left as it is": { schema: z.string(), enter: nothing, sent: "" },
  "a default": { schema: z.string().default("acme"), enter: nothing, sent: "acme" },
  "a default that is cleared": { schema: z.string().default("acme"), enter: fill(""), sent: "" },
  lines: { schema: z.string().default("\na\nb"), enter: nothing, sent: "\na\nb" },
  "other lines": { schema: z.string().default("a\nb"), enter: fill("c\n\nd\n"), sent: "c\n\nd\n" },
  "a text that may be null": { schema: z.string().nullable(), enter: fill("123"), sent: "123" },
  "null for a text": { schema: z.string().nullable(), enter: stands("null"), sent: null },
  "null by default": { schema: z.string().nullable().default(null), enter: nothing, sent: null },
  "a text that is left out": { schema: z.string().optional(), enter: nothing, sent: undefined },
  "an optional text": {
    schema: z.string().optional(),
    enter: async (param) => {
      await stands("value")(param);
      await fill("")(param);
    },
    sent: "",
  },
  "a number": { schema: z.number(), enter: fill("1.50"), sent: 1.5 },
  "a whole number": { schema: z.int(), enter: fill("-7"), sent: -7 },
  "null for a number": {
    schema: z.number().nullable().default(3),
    enter: stands("null"),
    sent: null,
  },
  "a number with a default": { schema: z.number().default(3), enter: fill(""), sent: 3 },
  "a boolean": {
    schema: z.boolean(),
    enter: (param) => field(param).selectOption("false"),
    sent: false,
  },
  "a boolean with a default": { schema: z.boolean().default(true), enter: nothing, sent: true },
  "null for a boolean": {
    schema: z.boolean().nullable(),
    enter: (param) => field(param).selectOption("null"),
    sent: null,
  },
  "an enum": {
    schema: z.enum(["a", "b"]),
    enter: (param) => field(param).selectOption({ label: "b" }),
    sent: "b",
  },
  "null for an enum": {
    schema: z.enum(["a", "b"]).nullable(),
    enter: (param) => field(param).selectOption({ label: "null" }),
    sent: null,
  },
  "an enum that is left out": {
    schema: z.enum(["a", "b"]).optional(),
    enter: nothing,
    sent: undefined,
  },
  "a literal": { schema: z.literal("x"), enter: nothing, sent: "x" },
  "a union of literals": {
    schema: z.union([z.literal("a"), z.literal(2)]),
    enter: (param) => field(param).selectOption({ label: "2" }),
    sent: 2,
  },
  "a day": { schema: z.iso.date(), enter: fill("2026-01-31"), sent: "2026-01-31" },
  "a day by default": {
    schema: z.iso.date().default("2026-01-31"),
    enter: nothing,
    sent: "2026-01-31",
  },
  "an instant": {
    schema: z.iso.datetime(),
    enter: fill("2026-01-31T04:05"),
    sent: "2026-01-31T04:05:00Z",
  },
  "an instant by default": {
    schema: z.iso.datetime().default("2026-01-31T04:05:06Z"),
    enter: nothing,
    sent: "2026-01-31T04:05:06Z",
  },
  "an instant with an offset": {
    schema: z.iso.datetime({ offset: true }).default("2026-01-31T04:05:06+02:00"),
    enter: nothing,
    sent: "2026-01-31T04:05:06+02:00",
  },
  "a local time": {
    schema: z.iso.datetime({ local: true }),
    enter: fill("2026-01-31T04:05"),
    sent: "2026-01-31T04:05:00",
  },
  "a time of day": { schema: z.iso.time(), enter: fill("04:05"), sent: "04:05" },
  "a list of an enum": {
    schema: z.array(z.enum(["a", "b", "c"])).default(["c", "a"]),
    enter: nothing,
    sent: ["c", "a"],
  },
  "a list of an enum without choices": {
    schema: z.array(z.enum(["a", "b"])).default(["a"]),
    enter: (param) => param.getByLabel("a", { exact: true }).uncheck(),
    sent: [],
  },
  "a list of texts": { schema: z.array(z.string()), enter: fill("a, b\nc\n"), sent: ["a, b", "c"] },
  "no texts": { schema: z.array(z.string()).default(["a"]), enter: fill(""), sent: [] },
  "a list of numbers": { schema: z.array(z.number()), enter: fill("1\n2.5"), sent: [1, 2.5] },
  "a nested object": {
    schema: z.object({ a: z.string(), n: z.int(), b: z.boolean() }),
    enter: async (param) => {
      await param.locator('[name$="/a"]').fill("x");
      await param.locator('[name$="/n"]').fill("3");
      await param.locator('[name$="/b"]').selectOption("true");
    },
    sent: { a: "x", n: 3, b: true },
  },
  "a nested object by default": {
    schema: z.object({ a: z.string(), l: z.array(z.string()) }).default({ a: "x", l: ["y"] }),
    enter: nothing,
    sent: { a: "x", l: ["y"] },
  },
  "a nested object of which all is left out": {
    schema: z.object({ a: z.string().optional(), n: z.int().optional() }),
    enter: nothing,
    sent: {},
  },
  "null for a nested object": {
    schema: z.object({ a: z.string() }).nullable(),
    enter: stands("null"),
    sent: null,
  },
  "a nested object that is left out": {
    schema: z.object({ a: z.string() }).optional(),
    enter: nothing,
    sent: undefined,
  },
  "an optional nested object": {
    schema: z.object({ a: z.string() }).optional(),
    enter: async (param) => {
      await stands("value")(param);
      await param.locator('[name$="/a"]').fill("x");
    },
    sent: { a: "x" },
  },
  "an object in a nested object": {
    schema: z.object({ at: z.object({ x: z.int() }) }),
    enter: fill('{"x": 1}'),
    sent: { at: { x: 1 } },
  },
  "a record": {
    schema: z.record(z.string(), z.number()).default({ a: 1 }),
    enter: nothing,
    sent: { a: 1 },
  },
  anything: { schema: z.any(), enter: fill("[1, null]"), sent: [1, null] },
  "an e-mail address": {
    schema: z.email(),
    enter: fill("ann@example.com"),
    sent: "ann@example.com",
  },
  "a URL": { schema: z.url(), enter: fill("https://example.com"), sent: "https://example.com" },
  "a password": {
    schema: z.string().meta({ format: "password" }),
    enter: fill("x y"),
    sent: "x y",
  },
};

/** The name of the param of a case; none is the beginning of another. */
const paramOf = (name: string): string =>
  `p${String(Object.keys(CASES).indexOf(name)).padStart(2, "0")}`;

let web: TestWeb;
let browser: Browser;
beforeAll(async () => {
  [web, browser] = await Promise.all([testWeb({ actions }), launchBrowser()]);
  const shape = Object.entries(CASES).map(([name, { schema }]) => [paramOf(name), schema]);
  await web.rows.dag(formed("every_kind", Object.fromEntries(shape)));
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await web?.close();
});

const formed = (dagId: string, shape: z.ZodRawShape) =>
  dagSpec(dagId, { paramsSchema: z.toJSONSchema(z.object(shape), { io: "input" }) as Json });

async function paramsOf(dagId: string): Promise<unknown> {
  const [run] = await web.rows.sql(
    "select params from dagsmith.dag_run where dag_id = $1 order by id desc limit 1",
    [dagId],
  );
  return run?.params ?? "no run";
}

describe.each([true, false])("with script: %s", (javaScriptEnabled) => {
  let params: unknown;
  beforeAll(async () => {
    const context = await browser.newContext({ javaScriptEnabled });
    await context.addCookies([...browserCookies()]);
    const page = await context.newPage();
    await page.goto(`${web.url}/dags/every_kind/trigger`);
    for (const [name, { enter }] of Object.entries(CASES))
      await enter(
        page.locator(".param, .param-group", {
          has: page.locator(`[id^="param-${paramOf(name)}"]`),
        }),
      );
    await page.getByRole("button", { name: "Trigger" }).click();
    await page.waitForURL("**/runs/*");
    await context.close();
    params = await paramsOf("every_kind");
  }, 120_000);

  test.each(Object.entries(CASES))("the form sends %s", (name, { sent }) => {
    if (sent === undefined) expect(params).not.toHaveProperty(paramOf(name));
    else expect(params).toHaveProperty(paramOf(name), sent);
  });

  test("and nothing else", () => {
    const sent = Object.keys(CASES).filter((name) => CASES[name]?.sent !== undefined);
    expect(Object.keys(params as object).sort()).toEqual(sent.map(paramOf).sort());
  });
});

test("a refused form says what is wrong next to each field, and keeps what was entered", async () => {
  const shape = {
    count: z.int().min(1),
    share: z.number(),
    mail: z.email().meta({ title: "Who hears of it" }),
    note: z.string().nullable(),
    extra: z.record(z.string(), z.number()),
  };
  await web.rows.dag(formed("refused", shape));
  const page = await browser.newPage();
  await page.context().addCookies([...browserCookies()]);
  await page.goto(`${web.url}/dags/refused/trigger`);
  await page.getByLabel("count").fill("0");
  await page.getByLabel("share").fill("much");
  await page.getByLabel("Who hears of it").fill("ann");
  await page.locator("#param-note-null").check();
  await page.getByLabel("extra").fill('{"a": "x"}');
  await page.getByRole("button", { name: "Trigger" }).click();
  await page.getByText("4 params need other values.").waitFor();
  const said = (name: string) => page.locator(`#param-${name}-problem`).textContent();
  expect(await said("count")).toBe("count must be at least 1.");
  expect(await said("share")).toBe("share is not a number.");
  expect(await said("mail")).toBe("Who hears of it must be an e-mail address.");
  expect(await said("extra")).toBe("extra at a must be a number.");
  const count = page.getByLabel("count");
  expect(await count.getAttribute("aria-invalid")).toBe("true");
  expect(await count.getAttribute("aria-describedby")).toContain("param-count-problem");
  expect(await count.inputValue()).toBe("0");
  expect(await page.locator("#param-note-null").isChecked()).toBe(true);
  expect(await page.locator("#param-note").isVisible()).toBe(false);
  expect(await paramsOf("refused")).toBe("no run");
  await page.close();
});

test("what is wrong in a nested object is said at its own field, and deeper by its place", async () => {
  const place = z.object({ zip: z.int().min(1), at: z.object({ x: z.number() }), ok: z.string() });
  await web.rows.dag(formed("refused_inside", { place }));
  const page = await browser.newPage();
  await page.context().addCookies([...browserCookies()]);
  await page.goto(`${web.url}/dags/refused_inside/trigger`);
  const part = (key: string) => page.locator(`[name="p:place/${key}"]`);
  await part("zip").fill("0");
  await part("at").fill('{"x": "y"}');
  await part("ok").fill("kept");
  await page.getByRole("button", { name: "Trigger" }).click();
  await page.getByText("2 params need other values.").waitFor();
  const said = (name: string) => page.locator(`[id="param-place/${name}-problem"]`).textContent();
  expect(await said("zip")).toBe("zip must be at least 1.");
  expect(await said("at")).toBe("at at x must be a number.");
  expect(await part("ok").inputValue()).toBe("kept");
  expect(await paramsOf("refused_inside")).toBe("no run");
  await page.close();
});
