/** What a PostgreSQL that cannot be reached says, and whether a retry follows. */
import { createServer } from "node:net";
import { sql } from "dagsmith";
import { postgresSql, sqlSensor } from "dagsmith/plugins/postgres";
import { runTask } from "dagsmith/testing";
import { describe, expect, inject, test } from "vitest";

const OPERATORS = {
  postgresSql: postgresSql({ postgres: "lake", sql: sql`select 1` }),
  sqlSensor: sqlSensor({ postgres: "lake", sql: sql`select 1` }),
};

function address(change: (url: URL) => unknown): string {
  const url = new URL(inject("postgresUrl"));
  change(url);
  return url.href;
}

describe.each(["postgresSql", "sqlSensor"] as const)("%s", (operator) => {
  test.each<[string, (url: URL) => unknown, string, RegExp]>([
    [
      "a database that does not exist",
      (url) => Object.assign(url, { pathname: "/none" }),
      "FailTask",
      /\(database none\): database "none" does not exist; the schema/,
    ],
    [
      "a wrong password",
      (url) => Object.assign(url, { password: "s3cret" }),
      "FailTask",
      /password authentication failed.*; check login and password/,
    ],
    [
      "a port that nothing listens on",
      (url) => Object.assign(url, { port: "1" }),
      "Error",
      /:1 \(database .*\): connect ECONNREFUSED/,
    ],
    [
      "a name that does not exist",
      (url) => Object.assign(url, { hostname: "db.nowhere.invalid" }),
      "Error",
      /^PostgreSQL at db.nowhere.invalid:\d+ .*(ENOTFOUND|EAI_AGAIN)/,
    ],
    [
      "a server without TLS",
      (url) => url.searchParams.set("sslmode", "require"),
      "FailTask",
      /does not support SSL.*; check extra.sslmode/,
    ],
  ])("%s", async (_, change, name, says) => {
    const error = await runTask(OPERATORS[operator] as (typeof OPERATORS)["postgresSql"], {
      connections: { lake: address(change) },
    }).catch((error: Error) => error);
    expect(error).toMatchObject({ name, message: expect.stringMatching(says) });
    expect(`${(error as Error).message}`).not.toContain("s3cret");
  });

  test("a server that cuts the connection", async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as { port: number };
    const error = await runTask(OPERATORS[operator] as (typeof OPERATORS)["postgresSql"], {
      connections: { lake: `postgres://a@127.0.0.1:${port}/x` },
    }).catch((error: Error) => error);
    expect(error).toMatchObject({
      name: "Error",
      message: expect.stringMatching(`^PostgreSQL at 127.0.0.1:${port} \\(database x\\): .+`),
    });
    await new Promise((closed) => server.close(closed));
  });
});
