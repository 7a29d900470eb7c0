/** Connections from URIs and JSON; and that no message repeats what may be a secret. */

import { describe, expect, it } from "vitest";
import { type Connection, DagsmithError, parseConnection } from "../../sdk/index.ts";
import fc from "../support/fast_check.ts";

const nothing = { host: null, port: null, login: null, password: null, schema: null, extra: {} };
const fields = (text: string): Omit<Connection, "id"> => {
  const { id: _, ...rest } = parseConnection("warehouse", text);
  return rest;
};

describe("a URI", () => {
  it.each([
    [
      "gives every field",
      "postgres://etl:pw@db:5432/lake?sslmode=require",
      {
        type: "postgres",
        host: "db",
        port: 5432,
        login: "etl",
        password: "pw",
        schema: "lake",
        extra: { sslmode: "require" },
      },
    ],
    ["may leave out everything but the type", "aws://", { ...nothing, type: "aws" }],
    [
      "may have a login without a password",
      "ssh://root@host",
      { ...nothing, type: "ssh", host: "host", login: "root" },
    ],
    [
      "may have a password without a login",
      "redis://:pw@cache:6379",
      { ...nothing, type: "redis", host: "cache", port: 6379, password: "pw" },
    ],
    [
      "may percent-encode any part",
      "http://a%40b:p%3A%2F%3F%23@h%2Fx:80/s%20t?k=%26",
      {
        type: "http",
        host: "h/x",
        port: 80,
        login: "a@b",
        password: "p:/?#",
        schema: "s t",
        extra: { k: "&" },
      },
    ],
    [
      "may have a colon in the password",
      "http://u:a:b@h",
      { ...nothing, type: "http", host: "h", login: "u", password: "a:b" },
    ],
    [
      "reads - in the type as _",
      "google-cloud-platform://",
      { ...nothing, type: "google_cloud_platform" },
    ],
    [
      "takes postgresql for postgres",
      "PostgreSQL://db/app",
      { ...nothing, type: "postgres", host: "db", schema: "app" },
    ],
    [
      "takes an IPv6 address out of its brackets",
      "postgres://u:p@[::1]:5432/app",
      {
        type: "postgres",
        host: "::1",
        port: 5432,
        login: "u",
        password: "p",
        schema: "app",
        extra: {},
      },
    ],
    [
      "may carry extra as JSON",
      "http://h?__extra__=%7B%22a%22%3A%7B%22b%22%3A1%7D%7D&c=d",
      { ...nothing, type: "http", host: "h", extra: { a: { b: 1 }, c: "d" } },
    ],
    ["may stand in white space", "  http://h\n", { ...nothing, type: "http", host: "h" }],
  ])("%s", (_, uri, expected) => {
    expect(fields(uri)).toEqual(expected);
  });
});

describe("JSON", () => {
  it.each([
    [
      "gives every field",
      {
        type: "mysql",
        host: "h",
        port: 3306,
        login: "root",
        password: "p",
        schema: "s",
        extra: { charset: "utf8" },
      },
      {
        type: "mysql",
        host: "h",
        port: 3306,
        login: "root",
        password: "p",
        schema: "s",
        extra: { charset: "utf8" },
      },
    ],
    ["takes conn_type for type", { conn_type: "http" }, { ...nothing, type: "http" }],
    ["takes a port as text", { type: "http", port: "80" }, { ...nothing, type: "http", port: 80 }],
    [
      "takes extra as text",
      { type: "http", extra: '{"a":1}' },
      { ...nothing, type: "http", extra: { a: 1 } },
    ],
    [
      "takes empty texts and null for nothing",
      { type: "http", host: "", login: null, extra: "" },
      { ...nothing, type: "http" },
    ],
    [
      "takes a number as a password",
      { type: "http", password: 12345 },
      { ...nothing, type: "http", password: "12345" },
    ],
  ])("%s", (_, json, expected) => {
    expect(fields(JSON.stringify(json))).toEqual(expected);
  });

  it("keeps a key that objects inherit as a plain key", () => {
    const { extra } = parseConnection(
      "x",
      '{"type":"http","extra":{"__proto__":{"polluted":true}}}',
    );
    expect(Object.getPrototypeOf(extra)).toBe(Object.prototype);
    expect(Object.keys(extra)).toEqual(["__proto__"]);
    expect("polluted" in {}).toBe(false);
  });
});

describe("what cannot be read", () => {
  const SECRET = "s3cr3t-tok3n";

  it.each([
    ["a bare text", SECRET],
    ["a URI without a type", `://u:${SECRET}@h`],
    ["a URI with a port that is no number", `http://u:${SECRET}@h:abc`],
    ["a URI with a port out of range", `http://u:${SECRET}@h:70000`],
    ["a URI with a bad escape", `http://u:${SECRET}%zz@h`],
    ["a URI with an @ in the password", `http://u:a@${SECRET}@h`],
    ["a URI with a / in the password", `http://u:a/${SECRET}@h:x`],
    ["a URI whose extra is not JSON", `http://h?__extra__=${SECRET}`],
    ["a URI whose extra is a list", `http://h?__extra__=["${SECRET}"]`],
    ["JSON that breaks off", `{"type":"http","password":"${SECRET}`],
    ["JSON without a type", `{"password":"${SECRET}"}`],
    ["JSON with a password that is an object", `{"type":"http","password":{"v":"${SECRET}"}}`],
    ["JSON with a port that is no number", `{"type":"http","port":"${SECRET}"}`],
    ["JSON whose extra is text", `{"type":"http","extra":"${SECRET}"}`],
    ["JSON whose extra is a list", `{"type":"http","extra":["${SECRET}"]}`],
    ["nothing", ""],
  ])("%s is refused, and not repeated", (_, text) => {
    let error: unknown;
    try {
      parseConnection("warehouse", text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: "INVALID_CONNECTION",
      message: expect.stringContaining('"warehouse"'),
    });
    expect(
      JSON.stringify([String(error), (error as Error).stack, (error as Error).cause]),
    ).not.toContain(SECRET);
  });

  it("is refused as such or read, whatever it is", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      fc.webUrl({ withQueryParameters: true }),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          expect(parseConnection("x", input).type).not.toBe("");
        } catch (error) {
          expect(error).toBeInstanceOf(DagsmithError);
        }
      }),
    );
  });

  it("does not hold the process up, however long it is", () => {
    const long = `http://${"a:".repeat(200_000)}@@`;
    expect(() => parseConnection("x", long)).toThrow(
      expect.objectContaining({ code: "INVALID_CONNECTION" }),
    );
  });
});
