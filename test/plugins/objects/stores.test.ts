/**
 * Stores that refuse, are too busy or are away, each asked by its own client over HTTP;
 * and what is wrong before a request.
 */
import { objectSensor, objectStore, transfer } from "dagsmith/plugins/objects";
import { runTask } from "dagsmith/testing";
import { describe, expect, test } from "vitest";
import { storableMetadata } from "../../../plugins/objects/object_key.ts";
import { keyPattern } from "../../../plugins/objects/wildcard.ts";
import { type Loopback, loopback, sendJson } from "../../support/loopback.ts";

const KEY = "c2VjcmV0LWtleS1vZi10aGUtdGVzdA==";

/** Each store at a server of the test. */
const STORES: Readonly<Record<string, (url: string) => object>> = {
  s3: (url) => ({ type: "aws", login: "AKIA", password: KEY, extra: { endpoint_url: url } }),
  gs: (url) => ({ type: "google_cloud_platform", extra: { project: "p", api_endpoint: url } }),
  az: (url) => ({ type: "wasb", login: "acc", password: KEY, host: `${url}/acc` }),
};
const cases = Object.keys(STORES);

function ask(scheme: string, url: string) {
  const store = objectStore(`${scheme}://lake`, { connection: "lake" });
  return runTask(async (context) => void (await (await store.open(context)).head("a b")), {
    connections: { lake: STORES[scheme]!(url) as never },
  });
}

const failing = (status: number): Promise<Loopback> =>
  loopback(({ method }, response) => {
    if (method === "HEAD") response.writeHead(status).end();
    else sendJson(response, status, { error: { message: "not you" } });
  });

describe.each(cases)("%s", (scheme) => {
  test.each([401, 403])("an answer of %d fails for good, with place and advice", async (status) => {
    await using server = await failing(status);
    const error = await ask(scheme, server.url).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ name: "FailTask" });
    const { message, stack } = error as Error;
    expect(message).toContain(`${scheme}://lake/a b: `);
    expect(message).toMatch(new RegExp(`${status}.*; (check|give)`));
    expect(stack).not.toContain(KEY);
  });

  test("a service that is too busy is asked again", async () => {
    let count = 0;
    await using server = await loopback(({ method }, response) => {
      count += 1;
      if (count === 1) response.writeHead(503).end();
      else if (method === "HEAD")
        response.writeHead(404, { "x-ms-error-code": "BlobNotFound" }).end();
      else sendJson(response, 404, {});
    });
    // No object and no bucket, or no object: either way, the second answer counts.
    await ask(scheme, server.url).catch((error: Error) => {
      expect(error.message).toContain("there is no bucket");
    });
    expect(server.requests.length).toBeGreaterThan(1);
  });

  test("a service that is away names its host", async () => {
    const url = await (async () => {
      await using server = await failing(500);
      return server.url;
    })();
    await expect(ask(scheme, url)).rejects.toThrow(/no answer from .*127\.0\.0\.1.*ECONNREFUSED/);
  });
});

describe("a store", () => {
  test.each([
    ["another scheme", "ftp://lake"],
    ["no bucket", "s3:///raw"],
    ["a way out of the bucket", "gs://lake/../raw"],
    ["credentials", "s3://key:secret@lake"],
    ["a host", "file://host/data"],
  ])("with %s is refused at once, without its URL", (_, url) => {
    expect(() => objectStore(url, { connection: "lake" })).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.not.stringContaining("secret"),
      }),
    );
  });

  test("needs a connection, which a folder does not take", () => {
    expect(() => objectStore("s3://lake")).toThrow("needs the id of a connection");
    expect(() => objectStore("file:///data", { connection: "lake" })).toThrow("has no connection");
  });

  test.each([
    ["s3://lake", "s3://lake/"],
    ["s3://lake/raw//", "s3://lake/raw/"],
    ["az://$root/a b", "az://$root/a b/"],
    ["file:///data/a%20b/", "file:///data/a%20b"],
  ])("%s is %s", (url, expected) => {
    const options = url.startsWith("file:") ? {} : { connection: "lake" };
    expect(objectStore(url, options).url).toBe(expected);
  });
});

describe("a pattern", () => {
  test.each([
    ["*.csv", ["a.csv", "b/c.csv"], ["a.csv.gz", "csv"]],
    ["t-??.json", ["t-01.json"], ["t-1.json", "t-001.json"]],
    ["[ab]-[!0-9]", ["a-x", "b--"], ["c-x", "a-1"]],
    ["[a&b]-[!&]", ["&-x", "a-b"], ["c-x", "a-&"]],
    ["a+b(1).{x}", ["a+b(1).{x}"], ["aab(1).{x}"]],
    ["[x", ["[x"], ["x"]],
    ["", [""], ["a"]],
    ["ü*\n*", ["ü1\n2"], ["ü12"]],
  ])("%j", (text, matching, others) => {
    const { matches, prefix } = keyPattern(text);
    expect(matching.filter((key) => !matches(key))).toEqual([]);
    expect(others.filter(matches)).toEqual([]);
    expect(matching.filter((key) => !key.startsWith(prefix))).toEqual([]);
  });
});

test("a sensor waits for one of key, match and prefix", () => {
  const store = objectStore("s3://lake", { connection: "lake" });
  expect(() => objectSensor({ store } as never)).toThrow("one of key, match and prefix, not 0");
  expect(() => objectSensor({ store, key: "a", match: "b" })).toThrow("not 2");
});

test("a transfer takes a prefix to a prefix only", async () => {
  const store = objectStore("s3://lake", { connection: "lake" });
  const odd = { from: { store, prefix: "a" }, to: { store, key: "b" } };
  await expect(runTask(transfer(odd as never))).rejects.toThrow("a prefix to a prefix");
});

test("a transfer does not copy its own copies", async () => {
  const store = objectStore("file:///nowhere");
  const nested = { from: { store, prefix: "x" }, to: { store, prefix: "xx" } };
  await expect(runTask(transfer(nested))).rejects.toThrow(
    "copy its own copies: file:///nowhere/xx",
  );
});

test("metadata of another system is kept as far as every system stores it", () => {
  const long = "x".repeat(1_500);
  const given = { a: long, b: long, c: "1", Upper: "2", d: "ü" };
  expect(storableMetadata(given)).toEqual({ a: long, c: "1" });
});
