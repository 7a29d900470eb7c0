/**
 * The ready-made sensors, each against the real thing or a stand-in that speaks its
 * protocol.
 */
import { sql } from "dagsmith";
import { s3Hook, s3KeySensor } from "dagsmith/plugins/aws";
import { HttpError, httpHook, httpSensor } from "dagsmith/plugins/http";
import { postgresHook, postgresSql, sqlSensor } from "dagsmith/plugins/postgres";
import { runTask } from "dagsmith/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startSandboxS3 } from "../../runtime/sandbox/s3.ts";
import { loopback, sendJson } from "../support/loopback.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

describe("s3KeySensor", () => {
  test("waits for all keys, and for what is in them", async () => {
    const server = await startSandboxS3({ buckets: ["lake"] });
    onTestFinished(() => server.close());
    const connections = {
      s3: { type: "aws", login: "x", password: "y", extra: { endpoint_url: server.url } },
    };
    const poke = async () =>
      (
        await runTask(s3KeySensor({ s3: "s3", bucket: "lake", key: ["a", "b"], minBytes: 2 }), {
          connections,
        })
      ).output;
    const put = (key: string, text: string) =>
      runTask(async ({ hook }) => (await hook(s3Hook("s3"))).putText("lake", key, text), {
        connections,
      });
    expect(await poke()).toEqual({ done: false });
    await put("a", "aaa");
    await put("b", "");
    expect(await poke()).toEqual({ done: false });
    await put("b", "bb");
    expect(await poke()).toMatchObject({
      done: true,
      value: [
        { key: "a", size: 3 },
        { key: "b", size: 2 },
      ],
    });
  });

  test("fails for good when the credentials are refused or the bucket is none", async () => {
    const server = await startSandboxS3();
    onTestFinished(() => server.close());
    const connections = {
      s3: { type: "aws", login: "x", password: "y", extra: { endpoint_url: server.url } },
    };
    await expect(
      runTask(s3KeySensor({ s3: "s3", bucket: "none", key: "a" }), { connections }),
    ).rejects.toMatchObject({
      name: "FailTask",
      message: expect.stringContaining("there is no bucket none"),
    });
    await using refusing = await loopback((_, response) => {
      response.writeHead(403).end();
    });
    const refused = { ...connections.s3, extra: { endpoint_url: refusing.url } };
    await expect(
      runTask(s3KeySensor({ s3: "s3", bucket: "none", key: "a" }), {
        connections: { s3: refused },
      }),
    ).rejects.toMatchObject({
      name: "FailTask",
      message: expect.stringContaining("403 Forbidden"),
    });
  });
});

describe("sqlSensor", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database?.drop());
  const poke = async (
    query: ReturnType<typeof sql>,
    until?: (rows: readonly object[]) => boolean,
  ) =>
    (
      await runTask(sqlSensor({ postgres: "lake", sql: query, ...(until && { until }) }), {
        connections: { lake: database.url },
      })
    ).output;

  test.each([
    ["no row", sql`select 1 where false`, false],
    ["null", sql`select null`, false],
    ["false", sql`select false`, false],
    ["0", sql`select 0`, false],
    ["a bigint of 0", sql`select 0::bigint`, false],
    ["an empty text", sql`select ''`, false],
    ["a count", sql`select count(*) from pg_class`, true],
    ["a text", sql`select 'x'`, true],
    ["true", sql`select true`, true],
  ])("takes %s for what it says", async (_what, query, answer) => {
    expect(await poke(query)).toBe(answer);
  });

  test("asks its own condition", async () => {
    expect(await poke(sql`select generate_series(1, 3)`, (rows) => rows.length === 3)).toBe(true);
    expect(await poke(sql`select 1`, (rows) => rows.length === 3)).toBe(false);
  });

  test("throws what the database says", async () => {
    await expect(poke(sql`select * from nowhere`)).rejects.toThrow("nowhere");
    expect(postgresSql).toBeTypeOf("function");
    expect(postgresHook).toBeTypeOf("function");
  });
});

describe("httpSensor", () => {
  const poke = async (url: string, until?: (response: Response) => Promise<boolean>) =>
    (
      await runTask(httpSensor({ http: "api", path: "/x", ...(until && { until }) }), {
        connections: { api: { type: "http", host: url } },
      })
    ).output;

  test("takes 404 for not yet, and a good answer for yes unless it is to say more", async () => {
    let isThere = false;
    await using server = await loopback((_, response) =>
      sendJson(response, isThere ? 200 : 404, { ready: 2 }),
    );
    expect(await poke(server.url)).toBe(false);
    isThere = true;
    expect(await poke(server.url)).toBe(true);
    expect(
      await poke(
        server.url,
        async (answer) => ((await answer.json()) as { ready: number }).ready === 3,
      ),
    ).toBe(false);
  });

  test("throws on any other refusal", async () => {
    await using server = await loopback((_, response) => sendJson(response, 401, {}));
    await expect(poke(server.url)).rejects.toThrow("GET /x answered 401");
  });
});

test.each([
  [429, "7", 7],
  [503, "7", 7],
  [500, "7", undefined],
  [429, undefined, undefined],
])(
  "an answer of %i with Retry-After %s asks the task to wait %s s",
  async (status, header, seconds) => {
    await using server = await loopback((_, response) => {
      if (header !== undefined) response.setHeader("retry-after", header);
      sendJson(response, status, {});
    });
    let thrown: unknown;
    await runTask(
      async ({ hook }) => {
        await (await hook(httpHook("api"))).post("/x").catch((error: unknown) => {
          thrown = error;
        });
      },
      { connections: { api: { type: "http", host: server.url } } },
    );
    expect(thrown).toBeInstanceOf(HttpError);
    expect((thrown as HttpError).retryAfter).toBe(seconds);
  },
);
