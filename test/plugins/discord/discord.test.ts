import { parseConnection } from "dagsmith";
import { discordHook } from "dagsmith/plugins/discord";
import { webhookUrl } from "dagsmith/plugins/notify";
import { type RunTaskOptions, runTask } from "dagsmith/testing";
import { expect, test } from "vitest";
import { loopback, sendJson } from "../../support/loopback.ts";

const SECRET_PATH = "/api/webhooks/123/t0pSecretT0ken";

function send(root: string, text: string, options: RunTaskOptions = {}) {
  return runTask(async ({ hook }) => (await hook(discordHook("team"))).send(text), {
    connections: { team: { type: "discord", extra: { webhook_url: root + SECRET_PATH } } },
    ...options,
  });
}

async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => expect.unreachable("it succeeded"),
    (error: Error) => error,
  );
}

test.each([
  ["discord://discord.com/api/webhooks/1/t", "https://discord.com/api/webhooks/1/t"],
  [
    "discord://?webhook_url=https%3A%2F%2Fdiscord.com%2Fapi%2Fwebhooks%2F1%2Ft",
    "https://discord.com/api/webhooks/1/t",
  ],
  [
    "discord://https%3A%2F%2Fdiscord.com%2Fapi%2Fwebhooks%2F1%2Ft",
    "https://discord.com/api/webhooks/1/t",
  ],
  [
    "discord://https%3A%2F%2Fdiscord.com%2Fapi%2F?webhook_endpoint=webhooks%2F1%2Ft",
    "https://discord.com/api/webhooks/1/t",
  ],
  ["discord://127.0.0.1:9200/webhooks/team?protocol=http", "http://127.0.0.1:9200/webhooks/team"],
])("reads the connection %s as %s", (uri, url) => {
  expect(String(webhookUrl(parseConnection("team", uri)))).toBe(url);
});

test.each(["discord://", "discord://discord.com", "discord://?webhook_url=t0pSecretT0ken"])(
  "refuses %s, repeating nothing of it",
  (uri) => {
    expect(() => webhookUrl(parseConnection("team", uri))).toThrow(
      /^Connection "team" cannot be read: neither [^:]* is the URL of a webhook\. Write a JSON/,
    );
  },
);

test("sends the text as it is, notifying nobody named in it", async () => {
  await using discord = await loopback((_, response) => void response.writeHead(204).end());
  const text = '@everyone "stars": 7\n★';
  await send(discord.url, text);
  expect(
    discord.requests.map(({ method, url, body }) => [method, url.pathname, JSON.parse(body)]),
  ).toEqual([["POST", SECRET_PATH, { content: text, allowed_mentions: { parse: [] } }]]);
});

test("waits out a rate limit", async () => {
  await using discord = await loopback((_, response, count) =>
    count < 3
      ? sendJson(response, 429, { message: "You are being rate limited.", retry_after: 0.05 })
      : void response.writeHead(204).end(),
  );
  const { log } = await send(discord.url, "hello");
  expect(log.map(({ text }) => text)).toEqual([
    "Discord rate limit: waiting 0.05 s (1 of 3)",
    "Discord rate limit: waiting 0.05 s (2 of 3)",
  ]);
});

test.each([
  ["a limit that does not end", 429, { retry_after: 0.01, message: "slow down" }, 4, "Error"],
  ["a limit that is too long", 429, { retry_after: 3600, message: "slow down" }, 1, "Error"],
  ["a failure of Discord", 500, { message: "oops" }, 1, "Error"],
  ["a webhook that is gone", 404, { message: "Unknown Webhook", code: 10_015 }, 1, "FailTask"],
])("%s fails the task without showing the webhook", async (_, status, body, requests, name) => {
  await using discord = await loopback((_request, response) => sendJson(response, status, body));
  const error = await failureOf(send(discord.url, "hello"));
  expect(error.name).toBe(name);
  expect(error.message).toBe(`Discord answered ${status}: ${body.message}`);
  expect(error.stack).not.toContain("t0pSecret");
  expect(discord.requests).toHaveLength(requests);
});

test.each([
  ["nobody listens", undefined],
  ["the connection breaks", (response: { destroy(): void }) => response.destroy()],
])("when %s, the error does not show the webhook", async (_, answer) => {
  const discord = await loopback((_request, response) => answer?.(response));
  if (!answer) await discord[Symbol.asyncDispose]();
  const error = await failureOf(send(discord.url, "hello"));
  if (answer) await discord[Symbol.asyncDispose]();
  expect(error.message).toMatch(/^Discord could not be reached: \w+$/);
  expect(error.stack).not.toContain("t0pSecret");
});

test("does not follow a redirect, which would carry the secret elsewhere", async () => {
  await using other = await loopback((_, response) => void response.writeHead(204).end());
  await using discord = await loopback(
    (_, response) => void response.writeHead(307, { location: `${other.url}/x` }).end(),
  );
  await failureOf(send(discord.url, "hello"));
  expect(other.requests).toEqual([]);
});

test.each(["", "x".repeat(2_001)])(
  "refuses a message of the wrong length before it is sent",
  async (text) => {
    await using discord = await loopback(() => {});
    expect((await failureOf(send(discord.url, text))).name).toBe("FailTask");
    expect(discord.requests).toEqual([]);
  },
);

test("an abort of the task ends it", async () => {
  const task = new AbortController();
  await using discord = await loopback(() => task.abort(new Error("cancelled")));
  expect((await failureOf(send(discord.url, "hello", { signal: task.signal }))).message).toBe(
    "cancelled",
  );
});
