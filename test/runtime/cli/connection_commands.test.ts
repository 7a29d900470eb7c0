/** `dag connections` with types: list and describe them, set by fields, test. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newSecretKey } from "../../../runtime/secrets/encryption.ts";
import { newProject, type Project } from "../../support/cli.ts";
import { freePort } from "../../support/free_port.ts";
import { MIGRATED, type TestDatabase, testDatabase } from "../../support/postgres.ts";

const OWN_TYPES = `import { connectionType } from "dagsmith";
import { z } from "zod";
export const connectionTypes = [connectionType({
  id: "till",
  title: "Till",
  example: "till://:secret@shop",
  fields: z.object({ host: z.string("is missing"), password: z.string().meta({ writeOnly: true }) }),
  test: async ({ password }) => {
    console.log("a type may print");
    throw new Error("the till refused " + password);
  },
})];
`;

let database: TestDatabase;
let project: Project;
beforeAll(async () => {
  database = await testDatabase({ from: MIGRATED });
  project = await newProject(
    { "own_types.ts": OWN_TYPES, "broken_types.ts": 'throw new Error("no licence");' },
    { DATABASE_URL: database.url, DAG_SECRET_KEY: newSecretKey() },
  );
});
afterAll(async () => {
  await project.remove();
  await database.drop();
});

const own = { env: { DAG_CONNECTION_TYPES: "./own_types.ts" } };

describe("dag connections types", () => {
  test("says why a package brings none, and lists the others", async () => {
    const env = { DAG_CONNECTION_TYPES: "./broken_types.ts, ./own_types.ts, not-installed" };
    const { code, stdout } = await project.dag(["connections", "types"], { env });
    expect(code).toBe(1);
    expect(stdout).toContain("./broken_types.ts: no licence");
    expect(stdout).toMatch(/not-installed: Cannot find package 'not-installed'/);
    expect(stdout).toMatch(/till +Till +\.\/own_types\.ts/);
    expect(stdout).toMatch(/postgres +PostgreSQL +dagsmith/);
  });

  test("shows the fields of a type", async () => {
    const { stdout } = await project.dag(["connections", "types", "postgres"]);
    expect(stdout).toMatch(/sslmode +disable \| allow/);
    expect(stdout).toMatch(/password +secret +string/);
  });

  test("refuses a type that does not exist, with those that do", async () => {
    expect(await project.json(["connections", "types", "oracle"])).toMatchObject({
      error: {
        code: "UNKNOWN_CONNECTION_TYPE",
        message: expect.stringContaining("postgres"),
      },
    });
  });
});

describe("dag connections set", () => {
  test.each([
    [
      ["--type", "postgres", "--extra", "sslmode=s3cret"],
      "CONNECTION_REFUSED",
      "sslmode is none of",
    ],
    [["--type", "smtp"], "CONNECTION_REFUSED", "host is missing"],
    [["--host", "db"], "INVALID_ARGUMENT", "name the type"],
    [["postgres://db", "--type", "postgres"], "INVALID_ARGUMENT", "either a URI or"],
  ])("%j is refused with the field and what is allowed", async (args, code, words) => {
    const answer = await project.dag(["connections", "set", "bad", ...args, "--json"]);
    expect(JSON.parse(answer.stdout)).toMatchObject({
      error: { code, message: expect.stringContaining(words) },
    });
    expect(answer.stdout + answer.stderr).not.toContain("s3cret");
  });

  test("stores fields, with a password from standard input", async () => {
    const fields = ["--type", "postgres", "--host", "db", "--port", "6432", "--login", "etl"];
    const more = ["--schema", "lake", "--extra", "sslmode=require", "--password", "-"];
    const set = ["connections", "set", "fields", ...fields, ...more];
    expect((await project.dag(set, { input: "topsecret\n" })).stdout).toContain("is stored");
    expect(await project.json(["connections", "get", "fields", "--reveal"])).toMatchObject({
      ...{ type: "postgres", host: "db", port: 6432, login: "etl", password: "topsecret" },
      ...{ schema: "lake", extra: { sslmode: "require" } },
    });
  });

  test("stores a connection of a type that no package knows", async () => {
    await project.dag(["connections", "set", "unknown", "oracle://db"]);
    expect(await project.json(["connections", "get", "unknown"])).toMatchObject({ host: "db" });
    expect(await project.json(["connections", "test", "unknown"])).toMatchObject({
      error: { code: "UNKNOWN_CONNECTION_TYPE" },
    });
  });
});

describe("dag connections test", () => {
  test("fails with one line for a system that does not answer", async () => {
    const port = await freePort();
    await project.dag(["connections", "set", "away", `postgres://x:topsecret@127.0.0.1:${port}`]);
    const { code, stdout } = await project.dag(["connections", "test", "away"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^failed: PostgreSQL at 127\.0\.0\.1:\d+ .*ECONNREFUSED.*\n$/);
    expect(stdout).not.toContain("topsecret");
  });

  test("hides a secret that the system repeats", async () => {
    const env = { ...own.env, DAG_CONN_TILL: "till://:topsecret@shop" };
    const { code, stdout } = await project.dag(["connections", "test", "till"], { env });
    expect([code, stdout]).toEqual([1, "failed: the till refused ***\n"]);
  });

  test("says which system answered, and leaves an audit row without secrets", async () => {
    await project.dag(["connections", "set", "here", database.url]);
    expect(await project.json(["connections", "test", "here"])).toEqual({
      ...{ id: "here", ok: true },
      line: expect.stringMatching(/^PostgreSQL \d+.*, database .+, as .+$/),
    });
    const audit = await project.json<{ entries: { action: string; detail: unknown }[] }>(["audit"]);
    expect(audit.entries[0]).toMatchObject({
      ...{ action: "test connection", detail: { id: "here", ok: true } },
    });
  });
});

test("dag connections clear takes one secret away, and get hides the address of a webhook", async () => {
  await project.dag(["connections", "set", "shop", "https://etl:s3cret@example.com"]);
  const { stdout } = await project.dag(["connections", "clear", "shop", "password"]);
  expect(stdout).toBe("Connection shop has no password now.\n");
  expect(await project.json(["connections", "get", "shop", "--reveal"])).toMatchObject({
    ...{ password: null, login: "etl", host: "example.com" },
  });
  expect(await project.json(["connections", "clear", "shop", "password"])).toMatchObject({
    error: { code: "INVALID_ARGUMENT" },
  });
  await project.dag(["connections", "set", "team", "slack://hooks.example.com/services/s3cret"]);
  expect(await project.json(["connections", "get", "team"])).toMatchObject({
    ...{ type: "slack", host: "***", schema: "***", login: null },
  });
});
