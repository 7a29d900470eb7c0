/** Types of connection: how the fields of a connection are read, and what is refused. */
import { connectionType, parseConnection } from "dagsmith";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const redis = connectionType({
  id: "redis",
  aliases: ["valkey"],
  title: "Redis",
  example: "redis://:secret@cache:6379",
  fields: z.object({
    host: z.string("is missing"),
    port: z.int().default(6379),
    password: z.string().optional(),
    database: z.int().min(0).default(0),
    tls: z.boolean().default(false),
    labels: z.record(z.string(), z.string()).optional(),
    note: z.string().optional(),
  }),
  test: async ({ host, database }, _context, { id }) => `${id}: ${host}/${database}`,
});
const read = (text: string) => redis.read(parseConnection("cache", text));

describe("the fields of a connection", () => {
  it("come from its parts and from extra; numbers, booleans and objects may be texts", () => {
    const labels = encodeURIComponent('{"team":"data"}');
    expect(read(`redis://:pw@c?database=3&tls=True&labels=${labels}`)).toEqual({
      ...{ host: "c", port: 6379, password: "pw", database: 3, tls: true },
      labels: { team: "data" },
    });
    expect(read('{"type":"redis","host":"c","extra":{"note":7,"database":""}}')).toEqual({
      ...{ host: "c", port: 6379, database: 0, tls: false, note: "7" },
    });
  });

  it("are not those of extra with the name of a part", () => {
    expect(read('{"type":"redis","host":"c","extra":{"host":"other"}}').host).toBe("c");
  });

  it.each([
    ["redis://", "host is missing"],
    ["redis://c?database=-1", "database: Too small: expected number to be >=0"],
    ["redis://c?tls=s3cret", "tls: Invalid input: expected boolean, received string"],
    ["redis://c?database=s3cret", "database: Invalid input: expected number, received string"],
    ["redis://c?labels=s3cret", "labels: Invalid input: expected record, received string"],
  ])("of %s are refused by name, and the value is not repeated", (uri, reason) => {
    expect(() => read(uri)).toThrow(`Connection "cache" cannot be read: ${reason}.`);
    expect(() => read(uri)).not.toThrow("s3cret");
  });
});

describe("a connection type", () => {
  it("has its id and its aliases for a hook", () => {
    expect(redis.ids).toEqual(["redis", "valkey"]);
  });

  it("describes its fields as JSON Schema", () => {
    expect(redis.jsonSchema()).toMatchObject({
      type: "object",
      required: ["host"],
      properties: { port: { type: "integer", default: 6379 } },
    });
  });

  it("gives its test the fields and the connection", async () => {
    const context = { signal: new AbortController().signal, log: console };
    expect(await redis.test(parseConnection("cache", "redis://c?database=2"), context)).toBe(
      "cache: c/2",
    );
    await expect(redis.test(parseConnection("cache", "redis://"), context)).rejects.toThrow(
      "host is missing",
    );
  });

  it("needs a schema that can write JSON Schema, and that does not wait", () => {
    const about = { id: "odd", title: "Odd", example: "odd://", test: async () => "" };
    const mute = { "~standard": { version: 1, vendor: "x", validate: () => ({ value: {} }) } };
    expect(() => connectionType({ ...about, fields: mute as never }).jsonSchema()).toThrow(
      'connectionType("odd"): fields is a schema that writes no JSON Schema; allowed: a schema such as an object of zod 4.',
    );
    const slow = connectionType({ ...about, fields: z.object({}).refine(async () => true) });
    expect(() => slow.read(parseConnection("odd", "odd://"))).toThrow(
      "fields is a schema that waits",
    );
  });
});
