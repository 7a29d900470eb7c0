/**
 * Calls of webhooks as GitHub sends them: forms, names of events, headers, and `when`.
 */
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import * as actions from "../../../runtime/actions/index.ts";
import { deployVersions } from "../../../runtime/store/dags/deploy.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { webhook } from "../../../sdk/sources/webhook.ts";
import { versionOf } from "../../support/migrated.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const SECRET = "hunter2-hook-s3cret";
const opened = z.object({
  event: z.enum(["issues", "pull_request"]),
  body: z.object({ action: z.literal("opened") }),
});
let web: TestWeb;
beforeAll(async () => {
  web = await testWeb({ actions, variable: async () => SECRET });
  const on = [
    webhook({ secret: "s", name: "any", headers: ["X-GitHub-Hook-ID", "X-Team"] }),
    webhook({ secret: "s", name: "opened", when: opened }),
    webhook({
      ...{ secret: "s", name: "pushed", schema: z.object({ ref: z.string() }) },
      when: z.object({ event: z.literal("push") }),
    }),
    webhook({
      ...{ secret: "s", name: "team", headers: ["x-team"] },
      when: z.object({ headers: z.object({ "x-team": z.literal("lake") }) }),
    }),
  ];
  const d = dag("hooked", { on });
  d.task("t", async () => null);
  const spec = describeDag(d as unknown as Dag<unknown>);
  await web.db.transaction((tx) => deployVersions(tx, [versionOf(spec)]));
});
afterAll(() => web.close());
beforeEach(async () => {
  await web.rows.sql("delete from dagsmith.schedule_decision");
});

const FORM = "application/x-www-form-urlencoded";
const call = (name: string, body: string, headers: Record<string, string>): Promise<Response> => {
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  return fetch(`${web.url}/hooks/hooked/${name}`, {
    ...{ method: "POST", body },
    headers: { "X-Hub-Signature-256": `sha256=${signature}`, ...headers },
  });
};
/** As GitHub calls a webhook whose content type was left as it is. */
const github = (name: string, event: string, payload: unknown, more = {}): Promise<Response> =>
  call(name, new URLSearchParams({ payload: JSON.stringify(payload) }).toString(), {
    ...{ "Content-Type": FORM, "X-GitHub-Event": event },
    ...more,
  });
async function eventOf(answer: Response): Promise<unknown> {
  expect(answer.status).toBe(202);
  const { id } = (await answer.json()) as { id: number };
  const [run] = await web.rows.sql("select trigger from dagsmith.dag_run where id = $1", [id]);
  const { at, ...event } = (run!.trigger as { events: { at: string }[] }).events[0]!;
  expect(Date.parse(at)).not.toBeNaN();
  return event;
}
const runs = async (): Promise<number> =>
  Number((await web.rows.sql("select count(*) as n from dagsmith.dag_run"))[0]!.n);

describe("a form", () => {
  test("as GitHub sends it by default gives the JSON of its payload and the name of the event", async () => {
    const answer = await github("any", "push", { ref: "refs/heads/main", text: "a&b=c +ü" });
    expect(await eventOf(answer)).toEqual({
      ...{ id: null, event: "push", headers: {} },
      body: { ref: "refs/heads/main", text: "a&b=c +ü" },
    });
  });

  test.each([
    ["other fields", "a=1&b=x%20y", { a: "1", b: "x y" }],
    ["a field that is sent twice", "a=1&a=2", { a: ["1", "2"] }],
    ["a payload among other fields", "payload=1&b=2", { payload: "1", b: "2" }],
    ["a field called __proto__", "__proto__=1", JSON.parse('{"__proto__":"1"}')],
    ["nothing", "", {}],
  ])("with %s is an object of texts", async (_what, body, fields) => {
    const answer = await call("any", body, { "Content-Type": `${FORM}; charset=utf-8` });
    expect(await eventOf(answer)).toMatchObject({ event: null, body: fields });
  });

  test("whose payload is no JSON, or does not fit the schema, is refused", async () => {
    const before = await runs();
    const broken = await call("any", "payload=%7B", { "Content-Type": FORM });
    const misfit = await github("pushed", "push", { ref: 1 });
    expect([broken.status, misfit.status]).toEqual([400, 400]);
    expect(await runs()).toBe(before);
  });
});

test("tasks get the headers that the webhook asks for, and no others", async () => {
  const headers = { "X-Team": "lake", "X-GitHub-Hook-ID": "12", "X-Other": "no" };
  const answer = await github("any", "issues", {}, headers);
  expect(await eventOf(answer)).toMatchObject({
    headers: { "x-team": "lake", "x-github-hook-id": "12" },
  });
});

describe("when", () => {
  const decisions = async (): Promise<readonly Record<string, unknown>[]> => {
    const answer = await fetch(`${web.url}/api/v1/dags/hooked/decisions`);
    const { decisions } = (await answer.json()) as { decisions: Record<string, unknown>[] };
    return decisions.filter(({ decision }) => decision === "skipped");
  };

  test.each([
    ["another event", "opened", "ping", { zen: "Design for failure." }],
    ["an event with another body", "opened", "issues", { action: "closed" }],
    ["an event that would not fit the schema", "pushed", "ping", { zen: "Design for failure." }],
    ["a call without the header", "team", "push", {}],
  ])("makes no run of %s, and leaves a decision", async (_what, name, event, body) => {
    const before = await runs();
    const answer = await github(name, event, body);
    expect([answer.status, await answer.json()]).toEqual([
      ...[200, { decision: "skipped", reason: "when" }],
    ]);
    expect(await runs()).toBe(before);
    expect(await decisions()).toMatchObject([
      { schedule: `webhook ${name}`, decision: "skipped", reason: "when", count: 1, runId: null },
    ]);
  });

  test.each([
    ["opened", "issues", { action: "opened", number: 7 }, {}],
    ["pushed", "push", { ref: "main", more: true }, {}],
    ["team", "ping", {}, { "X-Team": "lake" }],
  ])("of %s makes a run of a call that fits", async (name, event, body, headers) => {
    expect(await eventOf(await github(name, event, body, headers))).toMatchObject({ event, body });
    expect(await decisions()).toEqual([]);
  });

  test("counts the calls that made no run, many at the same moment too", async () => {
    const calls = Array.from({ length: 20 }, () => github("opened", "ping", {}));
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    const counts = (await decisions()).map(({ count }) => Number(count));
    // The minute may end between two calls.
    expect(counts.length).toBeLessThanOrEqual(2);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20);
  });

  test("is the same for a call that is sent again", async () => {
    const again = { "X-GitHub-Delivery": "delivery-of-a-ping" };
    const answers = [
      await github("opened", "ping", {}, again),
      await github("opened", "ping", {}, again),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  test("of a call without a right proof is not asked", async () => {
    const answer = await github("opened", "ping", {}, { "X-Hub-Signature-256": "sha256=00" });
    expect([answer.status, await decisions()]).toEqual([401, []]);
  });

  test("is told on the page of the DAG in words", async () => {
    await github("opened", "ping", {});
    const page = await (await fetch(`${web.url}/dags/hooked/decisions`)).text();
    expect(page).toContain("the events do not fit the when of their source");
  });
});
