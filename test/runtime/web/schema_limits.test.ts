/**
 * Schemas and bodies that would stop a page: each is refused, and the page answers
 * meanwhile.
 */
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import * as actions from "../../../runtime/actions/index.ts";
import { deployVersions } from "../../../runtime/store/dags/deploy.ts";
import { controlFor } from "../../../runtime/web/params/control_for.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { webhook } from "../../../sdk/sources/webhook.ts";
import { versionOf } from "../../support/migrated.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

/** Takes time that doubles with each "a" of a text that it does not match. */
const EVIL = z.string().regex(/^(a+)+$/);
const HANGS = `${"a".repeat(60)}!`;
const SECRET = "hunter2-hook-s3cret";
const TOO_DEEP = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;

let web: TestWeb;
beforeAll(async () => {
  web = await testWeb({ actions, variable: async () => SECRET });
  const slow = dag("slow", {
    params: z.object({ name: EVIL.optional(), any: z.json().optional() }),
    on: [webhook({ secret: "hook_secret", schema: z.object({ name: EVIL }) })],
  });
  slow.task("t", async () => null);
  const spec = describeDag(slow as unknown as Dag<unknown>);
  await web.db.transaction((tx) => deployVersions(tx, [versionOf(spec)]));
});
afterAll(() => web.close());

const trigger = (body: string): Promise<Response> =>
  fetch(`${web.url}/api/v1/dags/slow/runs`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  });
const call = (body: string): Promise<Response> =>
  fetch(`${web.url}/hooks/slow/webhook`, {
    method: "POST",
    headers: {
      "X-Hub-Signature-256": `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`,
    },
    body,
  });
const codeOf = async (answer: Promise<Response>): Promise<readonly [number, unknown]> => {
  const response = await answer;
  const { error } = (await response.json()) as { error?: { code: string } };
  return [response.status, error?.code];
};

test.each([
  ["params", () => trigger(JSON.stringify({ params: { name: HANGS } }))],
  ["the body of a webhook", () => call(JSON.stringify({ name: HANGS }))],
])(
  "a regular expression that needs for ever over %s is ended, and the page answers meanwhile",
  async (_, send) => {
    let isDone = false;
    const refused = codeOf(send()).finally(() => {
      isDone = true;
    });
    const answers: boolean[] = [];
    while (!isDone) {
      expect((await fetch(`${web.url}/api/v1/health`)).ok).toBe(true);
      answers.push(isDone);
    }
    expect(await refused).toEqual([422, "SCHEMA_TOO_SLOW"]);
    expect(answers.length).toBeGreaterThan(1);
  },
);

test("the checks that wait behind a slow one get their answers", async () => {
  const slow = codeOf(trigger(JSON.stringify({ params: { name: HANGS } })));
  const quick = trigger(JSON.stringify({ params: { name: "aaa" } }));
  const wrong = codeOf(trigger(JSON.stringify({ params: { name: "b" } })));
  expect(await slow).toEqual([422, "SCHEMA_TOO_SLOW"]);
  expect((await quick).status).toBe(201);
  expect(await wrong).toEqual([422, "INVALID_PARAMS"]);
});

test.each([
  ["the API", () => trigger(`{"params":{"any":${TOO_DEEP}}}`), 400, "INVALID_ARGUMENT"],
  ["a webhook", () => call(`{"name":${TOO_DEEP}}`), 400, "INVALID_WEBHOOK_BODY"],
] as const)("JSON that is nested 100,000 times is refused by %s", async (_, send, status, code) => {
  expect(await codeOf(send())).toEqual([status, code]);
});

test.each([
  ["the API", () => trigger(`{"params":{"any":"${"x".repeat(1_100_000)}"}}`)],
  ["a webhook", () => call(`{"name":"${"x".repeat(1_100_000)}"}`)],
])("a body of more than 1 MB is refused by %s", async (_, send) => {
  expect((await send()).status).toBe(413);
});

test.each(["^(\\d+:?)+$", "^(\\d|\\d\\d)*x$", "^\\d*\\d*\\d*\\d*x$", "^(a?){30}x$", "(\\d+)+"])(
  "the form does not try %s on a text: it asks for a plain text",
  (pattern) => {
    const control = controlFor({}, "at", { type: "string", pattern }, false, undefined);
    expect(control.show("any text")).toBeDefined();
  },
);

test("times without a zone still have a picker", () => {
  for (const schema of [z.iso.time(), z.iso.datetime({ local: true })]) {
    const { pattern = "" } = z.toJSONSchema(schema);
    const control = controlFor({}, "at", { type: "string", pattern }, false, undefined);
    expect(control.show("any text")).toBeUndefined();
  }
});
