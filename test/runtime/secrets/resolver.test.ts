import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readConfig } from "../../../runtime/config/config.ts";
import { newSecretKey } from "../../../runtime/secrets/encryption.ts";
import { parseSecretKeys, seal } from "../../../runtime/secrets/keys.ts";
import { createResolver } from "../../../runtime/secrets/resolver.ts";
import { storedSecrets } from "../../../runtime/secrets/stored.ts";
import {
  deleteConnection,
  listConnections,
  putConnection,
} from "../../../runtime/store/access/connection.ts";
import { deleteVariable, listVariables } from "../../../runtime/store/access/variable.ts";
import { type Database, openDatabase } from "../../../runtime/store/database/database.ts";
import { parseConnection } from "../../../sdk/connection.ts";
import { MIGRATED, type TestDatabase, testDatabase } from "../../support/postgres.ts";

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await testDatabase({ from: MIGRATED });
  db = openDatabase(database.url);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const key = parseSecretKeys(newSecretKey());
const environment = (variables: Record<string, string>) => readConfig(variables).secrets;
const nothing = environment({});

describe("the order of sources", () => {
  test("the environment wins over the database, the database over the default", async () => {
    const stored = storedSecrets(db, key);
    await stored.setConnection(parseConnection("order-lake", "postgres://stored"));
    const defaults = {
      "order-lake": parseConnection("order-lake", "postgres://default"),
      only: parseConnection("only", "postgres://default"),
    };
    const resolver = createResolver({
      environment: environment({ DAG_CONN_ORDER_LAKE: "postgres://environment" }),
      stored,
      defaults,
    });
    const bare = createResolver({ environment: nothing, stored, defaults });
    expect((await resolver.connection("order-lake")).host).toBe("environment");
    expect((await bare.connection("order-lake")).host).toBe("stored");
    expect((await bare.connection("only")).host).toBe("default");
  });

  test("a connection that is set nowhere names the variable that would set it", async () => {
    await expect(
      createResolver({ environment: nothing }).connection("my.lake-2"),
    ).rejects.toMatchObject({
      code: "CONNECTION_NOT_FOUND",
      message: expect.stringContaining("DAG_CONN_MY_LAKE_2"),
    });
    await expect(
      createResolver({ environment: nothing, defaults: {} }).connection("constructor"),
    ).rejects.toMatchObject({
      code: "CONNECTION_NOT_FOUND",
    });
  });

  test("an empty environment variable counts as not set", async () => {
    const resolver = createResolver({
      environment: environment({ DAG_VAR_REGION: "" }),
      stored: storedSecrets(db, key),
    });
    expect(await resolver.variable("region")).toBeNull();
  });

  test("a variable comes from the environment, then the database, then is null", async () => {
    const stored = storedSecrets(db, key);
    await stored.setVariable("colour", "blue");
    await stored.setVariable("empty", "");
    expect(
      await createResolver({
        environment: environment({ DAG_VAR_COLOUR: "red" }),
        stored,
      }).variable("colour"),
    ).toBe("red");
    expect(await createResolver({ environment: nothing, stored }).variable("colour")).toBe("blue");
    expect(await createResolver({ environment: nothing, stored }).variable("empty")).toBe("");
    expect(await createResolver({ environment: nothing, stored }).variable("none")).toBeNull();
  });
});

describe("what is stored", () => {
  test("comes back as it was, is listed without its secret, and is gone after delete", async () => {
    const stored = storedSecrets(db, key);
    const connection = parseConnection(
      "back",
      '{"type":"aws","login":"AKIA","password":"s3cret","extra":{"region":"eu","nested":[1,null,"ü"]}}',
    );
    await stored.setConnection(connection);
    expect(await stored.connection("back")).toEqual(connection);
    expect((await listConnections(db)).find(({ id }) => id === "back")).toEqual({
      id: "back",
      type: "aws",
      version: 1,
      updatedAt: expect.any(Date),
    });
    await deleteConnection(db, "back");
    expect(await stored.connection("back")).toBeNull();
    await stored.setVariable("gone", "x");
    expect((await listVariables(db)).map((row) => row.key)).toContain("gone");
    await deleteVariable(db, "gone");
    expect(await stored.variable("gone")).toBeNull();
  });

  test("holds no readable secret in the database", async () => {
    await storedSecrets(db, key).setConnection(
      parseConnection("sealed", "postgres://etl:readable-secret@host/db"),
    );
    const rows = await db.query<{ found: number }>({
      name: "test_plain",
      text: "select count(*)::int as found from dagsmith.connection where position('readable-secret'::bytea in secret) > 0",
    });
    expect(rows).toEqual([{ found: 0 }]);
  });

  test("cannot be read with another key, and the error says which it was but not what it held", async () => {
    await storedSecrets(db, key).setConnection(
      parseConnection("other", "postgres://etl:readable-secret@host/db"),
    );
    const error: Error = await storedSecrets(db, parseSecretKeys(newSecretKey()))
      .connection("other")
      .then(
        () => new Error("it was read"),
        (reason) => reason,
      );
    expect(error).toMatchObject({ code: "SECRET_UNREADABLE" });
    expect(error.message).toContain('connection "other"');
    expect(JSON.stringify([error.message, error.stack])).not.toContain("readable-secret");
  });

  test("a row copied over another is refused", async () => {
    await putConnection(db, {
      id: "victim",
      type: "x",
      ...seal(key, { kind: "connection", id: "attacker" }, '{"type":"x"}'),
    });
    await expect(storedSecrets(db, key).connection("victim")).rejects.toMatchObject({
      code: "SECRET_UNREADABLE",
    });
  });

  test.each([
    ["cut short", (sealed: Buffer) => sealed.subarray(0, 20)],
    [
      "with a flipped bit",
      (sealed: Buffer) => Buffer.from(sealed.with(sealed.length - 1, (sealed.at(-1) ?? 0) ^ 1)),
    ],
    ["of an unknown layout", (sealed: Buffer) => Buffer.from(sealed.with(0, 9))],
    ["empty", () => Buffer.alloc(0)],
  ])("a row %s is refused", async (_, damage) => {
    const sealed = seal(key, { kind: "connection", id: "damaged" }, '{"type":"x"}');
    await putConnection(db, {
      ...{ id: "damaged", type: "x", keyId: sealed.keyId },
      secret: damage(sealed.secret),
    });
    await expect(storedSecrets(db, key).connection("damaged")).rejects.toMatchObject({
      code: "SECRET_UNREADABLE",
    });
  });

  test("without a key, only asking for what is stored fails", async () => {
    await storedSecrets(db, key).setConnection(parseConnection("keyless", "postgres://host"));
    const resolver = createResolver({ environment: nothing, stored: storedSecrets(db, null) });
    await expect(resolver.connection("keyless")).rejects.toMatchObject({
      code: "SECRET_KEY_MISSING",
    });
    await expect(resolver.connection("unheard-of")).rejects.toMatchObject({
      code: "CONNECTION_NOT_FOUND",
    });
    await expect(storedSecrets(db, null).setVariable("a", "b")).rejects.toMatchObject({
      code: "SECRET_KEY_MISSING",
    });
  });
});

describe("what is masked", () => {
  const masks = (resolver: { mask(text: string): string }, ...texts: readonly string[]) =>
    texts.filter((text) => resolver.mask(text) !== text);

  test("of the environment at once: passwords, secret-looking extras however deep, variables whose key looks secret", () => {
    const extra = {
      api_token: "tok-12345",
      region: "eu-west-1",
      keyfile: { private_key: "pem-12345", project_id: "proj-1" },
      list: [{ webhook_url: "hook-1" }],
    };
    const resolver = createResolver({
      environment: environment({
        DAG_CONN_A: JSON.stringify({ type: "x", login: "user-1", password: "pass-1", extra }),
        DAG_CONN_BROKEN: "no connection at all",
        DAG_VAR_SLACK_WEBHOOK: "https://hooks/1",
        DAG_VAR_REGION: "eu-west-1",
        DAG_VAR_SERVICE: '{"client_secret":"inner-1","name":"app-1"}',
      }),
    });
    const secrets = [
      "pass-1",
      "tok-12345",
      "pem-12345",
      "hook-1",
      "no connection at all",
      "https://hooks/1",
      "inner-1",
    ];
    expect(masks(resolver, ...secrets)).toEqual(secrets);
    expect(masks(resolver, "user-1", "eu-west-1", "proj-1", "app-1", "client_secret")).toEqual([]);
  });

  test("of the database when it was read, or when all of it is learnt", async () => {
    const stored = storedSecrets(db, key);
    await stored.setConnection(parseConnection("learn", "postgres://etl:learn-me-1@host"));
    await stored.setVariable("api_token", "learn-me-2");
    await putConnection(db, {
      id: "foreign",
      type: "x",
      ...seal(parseSecretKeys(newSecretKey()), { kind: "connection", id: "foreign" }, "{}"),
    });
    const resolver = createResolver({ environment: nothing, stored });
    expect(masks(resolver, "learn-me-1", "learn-me-2")).toEqual([]);
    await resolver.connection("learn");
    expect(masks(resolver, "learn-me-1", "learn-me-2")).toEqual(["learn-me-1"]);
    await resolver.learnStored();
    expect(masks(resolver, "learn-me-1", "learn-me-2")).toEqual(["learn-me-1", "learn-me-2"]);
  });
});

test("a param is a secret by its name, at any depth, and other params are not", () => {
  const resolver = createResolver({ environment: nothing });
  resolver.learnParams({
    api_key: "abcdef-1",
    steps: [{ clientSecret: "abcdef-2", key: "orders/today", author: "someone" }],
    passcode: 1_234_567,
  });
  expect(resolver.mask("abcdef-1 abcdef-2 1234567 orders/today someone")).toBe(
    "*** *** *** orders/today someone",
  );
});

test("the secrets of dagsmith itself are masked, and nothing hands them out", async () => {
  const resolver = createResolver({ own: ["the-key-of-all"], environment: nothing });
  expect(resolver.mask("it is the-key-of-all")).toBe("it is ***");
  expect(await resolver.variable("the-key-of-all")).toBeNull();
});
