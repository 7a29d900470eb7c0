import { s3Hook } from "dagsmith/plugins/aws";
import { runDag, runTask } from "dagsmith/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import orders from "../../dags/orders_landed.ts";
import { type SandboxGithub, startSandboxGithub } from "../../runtime/sandbox/github.ts";
import { type SandboxS3, startSandboxS3 } from "../../runtime/sandbox/s3.ts";

let s3: SandboxS3;
let chat: SandboxGithub;
beforeAll(async () => {
  [s3, chat] = await Promise.all([startSandboxS3({ buckets: ["lake"] }), startSandboxGithub()]);
});
afterAll(async () => {
  await s3?.close();
  await chat?.close();
});

const connections = () => ({
  s3: { type: "aws", login: "x", password: "y", extra: { endpoint_url: s3.url } },
  discord: { type: "discord", extra: { webhook_url: `${chat.url}/webhooks/orders` } },
});

test("orders_landed waits for the file of its day, and counts the orders in it", async () => {
  const put = (key: string, text: string) =>
    runTask(async ({ hook }) => (await hook(s3Hook("s3"))).putText("lake", key, text), {
      connections: connections(),
    });
  await put("orders/2026-01-01.csv", "id\n1\n2\n");
  await put("orders/2026-01-02.csv", "");
  let pokes = 0;
  const run = await runDag(orders, {
    logicalDate: "2026-01-03",
    connections: connections(),
    onEvent: (event) => {
      if (event.type !== "ended" || event.task.state !== "up_for_reschedule") return;
      pokes += 1;
      // A rejection of put() is unhandled, and fails the test run.
      if (pokes === 1) void put("orders/2026-01-02.csv", "id\n1\n2\n3\n");
    },
  });
  expect(run.state).toBe("success");
  expect(run.xcom("count")).toEqual({ orders: 3 });
  expect(pokes).toBeGreaterThanOrEqual(1);
});

test("orders_landed tells the channel when the file cannot come", async () => {
  const refused = {
    ...connections(),
    s3: { type: "aws", login: "x", password: "y", extra: { endpoint_url: "http://127.0.0.1:9" } },
  };
  const run = await runDag(orders, { logicalDate: "2026-01-03", connections: refused });
  expect(run.state).toBe("failed");
  const messages = (await (await fetch(`${chat.url}/webhooks/orders/messages`)).json()) as {
    content: string;
  }[];
  expect(messages).toMatchObject([
    { content: expect.stringMatching(/^orders_landed of 2026-01-03: /) },
  ]);
}, 60_000);
