/**
 * Webhooks over real HTTP and a real database: who is heard, what is refused, and that a
 * call repeated makes one run.
 */
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import * as actions from "../../../runtime/actions/index.ts";
import { deployVersions } from "../../../runtime/store/dags/deploy.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { webhook } from "../../../sdk/sources/webhook.ts";
import { versionOf } from "../../support/migrated.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const SECRET = "hunter2-hook-s3cret";
const TOKEN = "page-token-of-32-characters-long!!";
let web: TestWeb;
beforeAll(async () => {
  const variable = async (key: string): Promise<string | null> =>
    key === "hook_secret" ? SECRET : null;
  web = await testWeb({ actions, variable, token: TOKEN });
  const d = dag("hooked", {
    on: [
      webhook({
        secret: "hook_secret",
        schema: z.object({ ref: z.string(), size: z.int().optional() }),
      }),
      webhook({ secret: "hook_secret", name: "anything" }),
      webhook({ secret: "not_set", name: "unset" }),
    ],
  });
  d.task("t", async () => null);
  const plain = dag("plain");
  plain.task("t", async () => null);
  const specs = [d, plain].map((one) => describeDag(one as unknown as Dag<unknown>));
  await web.db.transaction((tx) =>
    deployVersions(
      tx,
      specs.map((spec) => versionOf(spec)),
    ),
  );
});
afterAll(() => web.close());

const sign = (body: string, secret = SECRET): string =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
const call = (
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Response> => fetch(`${web.url}/hooks/${path}`, { method: "POST", body, headers });
const signed = (
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Response> => call(path, body, { "X-Hub-Signature-256": sign(body), ...headers });
const runs = () =>
  web.rows.sql(
    "select id, run_id, run_type, trigger from dagsmith.dag_run where dag_id = 'hooked' order by id",
  );
const answerOf = async (answer: Response): Promise<[number, unknown]> => [
  answer.status,
  ((await answer.json()) as { error?: { code: string } }).error?.code,
];

describe("a webhook", () => {
  test("makes a run of what was said, for who signs the body or brings the secret, without the page's login", async () => {
    const before = (await runs()).length;
    const first = await signed("hooked/webhook", '{"ref":"main"}', {
      "Content-Type": "application/json",
    });
    const second = await call("hooked/webhook", '{"ref":"dev","size":3}', {
      Authorization: `Bearer ${SECRET}`,
    });
    expect([first.status, second.status]).toEqual([202, 202]);
    const made = (await runs()).slice(before);
    expect(await first.json()).toEqual({
      id: Number(made[0]!.id),
      runId: made[0]!.run_id,
      isNew: true,
    });
    expect(made).toMatchObject([
      {
        run_type: "event_triggered",
        trigger: {
          type: "webhook",
          name: "webhook",
          events: [{ id: null, body: { ref: "main" } }],
        },
      },
      { trigger: { events: [{ body: { ref: "dev", size: 3 } }] } },
    ]);
    expect(
      await web.rows.sql(
        "select detail ->> 'name' as name from dagsmith.audit where action = 'webhook'",
      ),
    ).toHaveLength(2);
  });

  test.each([
    ["without a proof", {}],
    ["with a wrong signature", { "X-Hub-Signature-256": sign("{}", "other") }],
    ["with a signature of another body", { "X-Hub-Signature-256": sign("{ }") }],
    ["with a signature cut short", { "X-Hub-Signature-256": sign("{}").slice(0, -1) }],
    ["with a wrong bearer", { Authorization: "Bearer nope" }],
    [
      "with a wrong signature and a right bearer",
      { "X-Hub-Signature-256": "sha256=00", Authorization: `Bearer ${SECRET}` },
    ],
    ["with the page's token", { Authorization: `Bearer ${TOKEN}` }],
  ])("is refused %s", async (_, headers) => {
    const before = (await runs()).length;
    expect(
      await answerOf(
        await call("hooked/anything", "{}", headers as unknown as Record<string, string>),
      ),
    ).toEqual([401, "WEBHOOK_REFUSED"]);
    expect(await runs()).toHaveLength(before);
  });

  test("that does not exist, or whose secret is not set, is refused in the same words", async () => {
    const wrong = await (await call("hooked/anything", "{}")).text();
    for (const path of ["hooked/none", "none/webhook", "plain/webhook", "hooked/unset"]) {
      const answer = await signed(path, "{}");
      expect([path, answer.status, await answer.text()]).toEqual([path, 401, wrong]);
    }
    const empty = await call("hooked/unset", "{}", { "X-Hub-Signature-256": sign("{}", "") });
    expect(empty.status).toBe(401);
  });

  test.each([
    ["not JSON", "hooked/webhook", "{", 400, "INVALID_WEBHOOK_BODY"],
    ["empty", "hooked/anything", "", 400, "INVALID_WEBHOOK_BODY"],
    ["without what the schema needs", "hooked/webhook", '{"size":1}', 400, "INVALID_WEBHOOK_BODY"],
    [
      "of another type than the schema's",
      "hooked/webhook",
      '{"ref":1}',
      400,
      "INVALID_WEBHOOK_BODY",
    ],
    [
      "nested very deep",
      "hooked/anything",
      "[".repeat(50_000) + "]".repeat(50_000),
      400,
      "INVALID_WEBHOOK_BODY",
    ],
    ["too large", "hooked/anything", JSON.stringify("x".repeat(1_100_000)), 413, "REFUSED"],
  ])("with a body that is %s makes no run", async (_, path, body, status, code) => {
    const before = (await runs()).length;
    expect(await answerOf(await signed(path, body))).toEqual([status, code]);
    expect(await runs()).toHaveLength(before);
  });

  test("called again with its key makes one run, also at the same moment; with another body it is a conflict", async () => {
    const before = (await runs()).length;
    const same = (body: string) =>
      signed("hooked/anything", body, { "Idempotency-Key": "delivery-1" });
    const answers = await Promise.all(Array.from({ length: 5 }, () => same('{"a":1}')));
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as {
      runId: string;
      isNew: boolean;
    }[];
    expect(new Set(bodies.map(({ runId }) => runId)).size).toBe(1);
    expect(bodies.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await runs()).toHaveLength(before + 1);
    expect(await answerOf(await same('{"a":2}'))).toEqual([409, "WEBHOOK_KEY_REUSED"]);
    expect(
      (await signed("hooked/webhook", '{"ref":"x"}', { "X-GitHub-Delivery": "delivery-1" })).status,
    ).toBe(202);
    expect(await runs()).toHaveLength(before + 2);
  });

  test("is nothing to read or to put", async () => {
    const anonymous = { headers: { Cookie: "none=1" } };
    expect((await fetch(`${web.url}/hooks/hooked/webhook`, anonymous)).status).toBe(401);
    expect(
      (await fetch(`${web.url}/hooks/hooked/webhook`, { ...anonymous, method: "PUT", body: "{}" }))
        .status,
    ).toBeGreaterThanOrEqual(400);
    expect(
      (await fetch(`${web.url}/hooks/../api/v1/dags/hooked/runs`, { ...anonymous, method: "POST" }))
        .status,
    ).toBeGreaterThanOrEqual(400);
  });

  test("of a paused DAG is kept as a run that waits", async () => {
    await actions.pauseDag(web.db, { dagId: "hooked", actor: "ann" });
    const answer = (await (await signed("hooked/anything", "1")).json()) as { id: number };
    const [run] = await web.rows.sql("select state from dagsmith.dag_run where id = $1", [
      answer.id,
    ]);
    expect(run).toEqual({ state: "queued" });
  });
});

test("wrong calls of an address are refused after sixty, and a right call never", async () => {
  const statuses: number[] = [];
  for (let n = 0; n < 65; n++) statuses.push((await call("plain/guess", "{}")).status);
  expect(statuses.slice(0, 60).every((status) => status === 401)).toBe(true);
  expect(statuses.slice(60)).toEqual([429, 429, 429, 429, 429]);
  expect((await signed("hooked/webhook", '{"ref":"still heard"}')).status).toBe(202);
  for (let n = 0; n < 65; n++) await call("hooked/webhook", "{}");
  expect((await call("hooked/webhook", "{}")).status).toBe(429);
  expect((await signed("hooked/webhook", '{"ref":"heard after all"}')).status).toBe(202);
});
