/** What messages about tasks and runs say, and how each service gets them. */
import { type Callback, dag } from "dagsmith";
import { discordMessage } from "dagsmith/plugins/discord";
import { webhookMessage } from "dagsmith/plugins/notify";
import { slackHook, slackMessage } from "dagsmith/plugins/slack";
import { teamsMessage } from "dagsmith/plugins/teams";
import { type ConnectionValue, runDag, runTask } from "dagsmith/testing";
import { describe, expect, test } from "vitest";
import { type Loopback, loopback, sendJson } from "../../support/loopback.ts";

const SECRET_PATH = "/hooks/T0/s3cretPath";

interface Sent {
  readonly server: Loopback;
  /** The bodies that the service got. */
  readonly bodies: readonly unknown[];
  /** The lines of the log. */
  readonly log: readonly string[];
}

/**
 * Fails a task of a DAG that has the callback, against a service that answers as told.
 */
async function failedTask(
  callback: Callback | readonly Callback[],
  connection: (url: string) => ConnectionValue,
  answer: Parameters<typeof loopback>[0] = (_, response) => sendJson(response, 200, { ok: true }),
): Promise<Sent> {
  await using server = await loopback(answer);
  const d = dag("orders", { defaults: { onFailure: callback } });
  d.task("load", { each: ["a", "b"] }, ({ item }) => {
    if (item === "b") throw new Error("no <table> & no rows");
  });
  const log: string[] = [];
  await runDag(d, {
    logicalDate: "2026-03-01T00:00:00Z",
    connections: { team: connection(server.url) },
    onEvent: (event) => event.type === "log" && log.push(event.text),
  });
  return { server, bodies: server.requests.map(({ body }) => JSON.parse(body) as unknown), log };
}

const webhook = (type: string) => (url: string) => ({
  type,
  extra: { webhook_url: url + SECRET_PATH },
});

const FACTS = [
  "Logical date: 2026-03-01T00:00:00Z",
  "Try: 1",
  "Error: Error: no <table> & no rows",
];

test("a message says what failed, where, and why", async () => {
  const { bodies } = await failedTask(webhookMessage({ webhook: "team" }), webhook("webhook"));
  expect(bodies).toHaveLength(1);
  const [body] = bodies as { text: string }[];
  expect(body).toMatchObject({
    ...{ subject: "Task load[1] of DAG orders failed", event: "onFailure", dagId: "orders" },
    ...{ taskId: "load", tryNumber: 1, mapIndex: 1, url: null },
    error: { name: "Error", message: "no <table> & no rows" },
  });
  expect(body?.text.split("\n")).toEqual(expect.arrayContaining(FACTS));
});

test("a message of one's own is sent instead", async () => {
  const own = webhookMessage({ webhook: "team", body: ({ dagId }) => ({ alarm: dagId }) });
  expect((await failedTask(own, webhook("https"))).bodies).toEqual([{ alarm: "orders" }]);
});

test("of several callbacks each is called, also after one that fails", async () => {
  const { bodies, log } = await failedTask(
    [
      () => Promise.reject(new TypeError("broken")),
      slackMessage({ slack: "team" }),
      () => {
        throw new RangeError("broken too");
      },
    ],
    webhook("slack"),
  );
  expect(bodies).toHaveLength(1);
  expect(log.at(-1)).toBe(
    "onFailure failed: AggregateError: 2 callbacks failed: broken; broken too",
  );
});

describe("Slack", () => {
  const bot = (url: string): ConnectionValue => ({
    type: "slack",
    password: "xoxb-t0ken",
    extra: { channel: "#data", base_url: `${url}/api` },
  });

  test("gets a text in which data is no mark-up, by a webhook", async () => {
    const { bodies } = await failedTask(slackMessage({ slack: "team" }), webhook("slack"));
    const [{ text }] = bodies as [{ text: string }];
    expect(text).toContain(":red_circle: *Task load[1] of DAG orders failed*\n");
    expect(text).toContain("*Error:* Error: no &lt;table&gt; &amp; no rows");
  });

  test("gets the token and the channel, by the API", async () => {
    const { server, bodies } = await failedTask(slackMessage({ slack: "team" }), bot);
    const [request] = server.requests;
    expect(request?.url.pathname).toBe("/api/chat.postMessage");
    expect(request?.headers.authorization).toBe("Bearer xoxb-t0ken");
    expect(bodies).toMatchObject([{ channel: "#data" }]);
  });

  test("takes a channel and blocks of the message", async () => {
    const message = () => ({ text: "plain", blocks: [{ type: "divider" }] });
    const callback = slackMessage({ slack: "team", channel: "C123", message });
    expect((await failedTask(callback, bot)).bodies).toEqual([
      { text: "plain", blocks: [{ type: "divider" }], channel: "C123" },
    ]);
  });

  test.each([
    ["not_in_channel", "FailTask", "MESSAGE_REFUSED", /#data: not_in_channel\. Invite the bot/],
    ["invalid_auth", "FailTask", "MESSAGE_REFUSED", /invalid_auth\. Check the token/],
    ["internal_error", "Error", "MESSAGE_NOT_TAKEN", /internal_error$/],
  ])("refuses with %s, although it answers 200", async (error, name, code, message) => {
    await using slack = await loopback((_, response) =>
      sendJson(response, 200, { ok: false, error }),
    );
    const sent = runTask(async ({ hook }) => (await hook(slackHook("team"))).send({ text: "x" }), {
      connections: { team: bot(slack.url) },
    });
    await expect(sent).rejects.toMatchObject({
      ...{ name, code },
      message: expect.stringMatching(message),
    });
  });

  test("needs a channel", async () => {
    const sent = runTask(async ({ hook }) => (await hook(slackHook("team"))).send({ text: "x" }), {
      connections: { team: { type: "slack", password: "xoxb-t0ken" } },
    });
    await expect(sent).rejects.toThrow(/^No Slack channel is given\. Name one/);
  });
});

test("Teams gets a card with the facts", async () => {
  const { bodies } = await failedTask(teamsMessage({ teams: "team" }), webhook("teams"));
  const [{ attachments }] = bodies as [{ attachments: { content: { body: object[] } }[] }];
  const [title, set] = attachments[0]?.content.body ?? [];
  expect(title).toMatchObject({ text: "Task load[1] of DAG orders failed", color: "Attention" });
  expect(set).toMatchObject({
    type: "FactSet",
    facts: expect.arrayContaining([{ title: "Try", value: "1" }]),
  });
});

test("Discord gets a text of at most 2000 characters that notifies no person", async () => {
  const message = () => "@everyone ".repeat(300);
  const callback = discordMessage({ discord: "team", message });
  const { bodies } = await failedTask(callback, webhook("discord"));
  const [body] = bodies as [{ content: string }];
  expect(body.content).toHaveLength(2_000);
  expect(body).toMatchObject({ allowed_mentions: { parse: [] } });
});

describe.each([
  ["Slack", slackMessage({ slack: "team" }), "slack"],
  ["Teams", teamsMessage({ teams: "team" }), "teams"],
  ["Discord", discordMessage({ discord: "team" }), "discord"],
  ["a webhook", webhookMessage({ webhook: "team" }), "webhook"],
] as const)("%s", (_, callback, type) => {
  test.each([
    ["refuses", 403, "FailTask [MESSAGE_REFUSED]"],
    ["fails", 500, "Error [MESSAGE_NOT_TAKEN]"],
  ])("%s: the log says so, without the address", async (_what, status, error) => {
    const { server, log } = await failedTask(callback, webhook(type), (_request, response) =>
      sendJson(response, status, { message: "no" }),
    );
    expect(server.requests).toHaveLength(1);
    const [first] = log.at(-1)?.split(" answered ") ?? [];
    expect(first).toMatch(/^onFailure failed: /);
    expect(first).toContain(error);
    expect(log.at(-1)).toContain(` answered ${status}`);
    expect(log.join("\n")).not.toContain("s3cretPath");
  });

  test("asks for patience, and gets the message after it", async () => {
    const { server, log } = await failedTask(
      callback,
      webhook(type),
      (_request, response, count) =>
        count === 1
          ? sendJson(response, 429, { retry_after: 0.01 }, { "retry-after": "0" })
          : sendJson(response, 200, { ok: true }),
    );
    expect(server.requests).toHaveLength(2);
    expect(log.at(-1)).toMatch(/rate limit: waiting 0(\.01)? s \(1 of 3\)$/);
  });

  test("sends the message to another address: refused", async () => {
    const { log } = await failedTask(
      callback,
      webhook(type),
      (_request, response) =>
        void response.writeHead(302, { location: "http://127.0.0.1:9/" }).end(),
    );
    expect(log.at(-1)).toMatch(/could not be reached/);
  });

  test("is away: the log says so, without the address", async () => {
    const { log } = await failedTask(callback, () => ({
      type,
      extra: { webhook_url: `http://127.0.0.1:9${SECRET_PATH}` },
    }));
    expect(log.at(-1)).toMatch(/could not be reached: (ECONNREFUSED|TypeError)/);
    expect(log.join("\n")).not.toContain("s3cretPath");
  });
});
