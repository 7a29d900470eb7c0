/** Fields made from the schemas of params, and the values that they show and read. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { ParamField } from "../../../runtime/web/params/param_field.ts";
import { paramFields } from "../../../runtime/web/params/param_fields.ts";
import {
  presenceName,
  sentParams,
  shownIn,
  valueName,
} from "../../../runtime/web/params/sent_params.ts";
import type { Json } from "../../../sdk/json.ts";

const fieldsOf = (shape: z.ZodRawShape): readonly ParamField[] =>
  paramFields(z.toJSONSchema(z.object(shape), { io: "input" }) as Json);
const fieldOf = (schema: z.ZodType): ParamField => fieldsOf({ p: schema })[0] as ParamField;

/** The form as a browser sends it when nothing was changed. */
function untouched(fields: readonly ParamField[]): Readonly<Record<string, string>> {
  const sent = fields.flatMap((field) => {
    const { presence, text } = field.initial;
    const value: [string, string][] =
      field.control.kind === "choices" && text === ""
        ? []
        : [[valueName(field), text.replaceAll("\n", "\r\n")]];
    const own = field.presences.length > 1 ? [[presenceName(field), presence], ...value] : value;
    const { group } = field;
    return group && group.presences.length > 1
      ? [[presenceName(group), group.initial], ...own]
      : own;
  });
  return { _form: "token", ...Object.fromEntries(sent as [string, string][]) };
}

const DEFAULTS: readonly (readonly [string, z.ZodType, string])[] = [
  ["a text", z.string().default("acme"), "line"],
  ["an empty text", z.string().default(""), "line"],
  ["a text of spaces", z.string().default("  x "), "line"],
  ["a text of several lines", z.string().default("\n\na\n  b\n"), "lines"],
  ["a text with a carriage return", z.string().default("a\r\nb"), "json"],
  ["a text like null", z.string().default("null"), "line"],
  ["a text that may be null", z.string().nullable().default("x"), "line"],
  ["null for a text", z.string().nullable().default(null), "line"],
  ["a number", z.number().default(0.1), "number"],
  ["a large number", z.number().default(1e300), "number"],
  ["zero", z.int().default(0), "number"],
  ["null for a number", z.number().nullable().default(null), "number"],
  ["true", z.boolean().default(true), "choice"],
  ["false", z.boolean().default(false), "choice"],
  ["null for a boolean", z.boolean().nullable().default(null), "choice"],
  ["one of an enum", z.enum(["a", "b c"]).default("b c"), "choice"],
  ["an empty text of an enum", z.enum(["", "b"]).default(""), "choice"],
  ["null for an enum", z.enum(["a", "b"]).nullable().default(null), "choice"],
  ["one of an enum that may be null", z.enum(["a", "b"]).nullable().default("b"), "choice"],
  ["one of a native enum", z.enum({ low: 1, high: 2 }).default(2), "choice"],
  ["a literal", z.literal("x").default("x"), "choice"],
  ["one of literals", z.literal(["x", 3, null, true]).default(3), "choice"],
  ["null among literals", z.literal(["x", 3, null]).default(null), "choice"],
  ["a union of literals", z.union([z.literal("a"), z.literal(1)]).default(1), "choice"],
  ["a day", z.iso.date().default("2026-01-31"), "line"],
  ["an instant", z.iso.datetime().default("2026-01-31T04:05:00Z"), "line"],
  ["an instant with seconds", z.iso.datetime().default("2026-01-31T04:05:06Z"), "line"],
  [
    "an instant with parts of seconds",
    z.iso.datetime().default("2026-01-31T04:05:06.789Z"),
    "line",
  ],
  [
    "an instant with an offset",
    z.iso.datetime({ offset: true }).default("2026-01-31T04:05:00+02:00"),
    "line",
  ],
  ["a local time", z.iso.datetime({ local: true }).default("2026-01-31T04:05:00"), "line"],
  ["a time of day", z.iso.time().default("04:05"), "line"],
  ["a list of an enum", z.array(z.enum(["a", "b", "c"])).default(["c", "a"]), "choices"],
  ["an empty list of an enum", z.array(z.enum(["a", "b"])).default([]), "choices"],
  ["a list of an enum with doubles", z.array(z.enum(["a", "b"])).default(["a", "a"]), "json"],
  ["a list of texts", z.array(z.string()).default(["a", " b ", "c,d"]), "list"],
  ["an empty list of texts", z.array(z.string()).default([]), "list"],
  ["a list with an empty text", z.array(z.string()).default(["a", ""]), "json"],
  ["a list with a text of two lines", z.array(z.string()).default(["a\nb"]), "json"],
  ["a list of numbers", z.array(z.number()).default([1, -2.5]), "list"],
  ["null for a list", z.array(z.string()).nullable().default(null), "list"],
  ["a nested object", z.object({ a: z.string(), b: z.number() }).default({ a: "x", b: 1 }), "line"],
  ["null for a nested object", z.object({ a: z.string() }).nullable().default(null), "line"],
  ["an object in a nested object", z.object({ a: z.object({}) }).default({ a: {} }), "json"],
  ["a nested object with more", z.looseObject({ a: z.string() }).default({ a: "x", c: 1 }), "json"],
  [
    "a nested object without an optional part",
    z.object({ a: z.string(), b: z.string().optional() }).default({ a: "x" }),
    "line",
  ],
  [
    "a nested object without a part that has a default of its own",
    z.object({ a: z.string(), b: z.string().default("y") }).default({ a: "x" } as never),
    "json",
  ],
  ["a record", z.record(z.string(), z.number()).default({ a: 1 }), "json"],
  ["anything", z.any().default({ a: [null, "x"] }), "json"],
  ["a tuple", z.tuple([z.string(), z.number()]).default(["a", 1]), "json"],
  ["a union of text and number", z.union([z.string(), z.number()]).default("12"), "json"],
  ["an e-mail address", z.email().default("ann@example.com"), "line"],
  ["a URL", z.url().default("https://example.com/?a=b"), "line"],
  ["a UUID", z.uuid().default("6e7cf5a8-5a0c-4f4c-9b6e-3a1d5a0f6f3e"), "line"],
  ["a password", z.string().meta({ format: "password" }).default("s3cret"), "line"],
];

describe("a form that is sent as it is shown sends the default:", () => {
  test.each(DEFAULTS)("%s", (_, schema, kind) => {
    const fields = fieldsOf({ p: schema });
    const { params, problems } = sentParams(fields, untouched(fields));
    expect(problems).toEqual({});
    expect(params).toEqual({ p: schema.parse(undefined) });
    expect(fields[0]?.control.kind).toBe(kind);
  });
});

const read = (schema: z.ZodType, sent: Readonly<Record<string, string>>) =>
  sentParams(fieldsOf({ p: schema }), { _form: "token", ...sent });

describe("what may be missing", () => {
  test.each([
    ["a text", z.string()],
    ["a list of texts", z.array(z.string())],
    ["a list of an enum", z.array(z.enum(["a"]))],
  ])("%s is left out at first, and empty when its value is chosen", (_, schema) => {
    const field = fieldOf(schema.optional());
    expect([field.presences, field.initial.presence]).toEqual([["value", "left_out"], "left_out"]);
    expect(read(schema.optional(), untouched([field])).params).toEqual({});
    const empty = schema instanceof z.ZodArray ? [] : "";
    expect(read(schema.optional(), { "p:p": "", "is:p": "value" }).params).toEqual({ p: empty });
  });

  test.each([
    ["a number", z.number()],
    ["a day", z.iso.date()],
    ["a choice", z.enum(["a"])],
    ["JSON", z.record(z.string(), z.string())],
  ])("%s is left out when it is empty", (_, schema) => {
    const field = fieldOf(schema.optional());
    expect(field.presences).toEqual(["value"]);
    expect(read(schema.optional(), { "p:p": "" })).toEqual({ params: {}, problems: {} });
    expect(read(schema, { "p:p": "" }).problems).toEqual({ p: "needs a value" });
  });

  test("an empty number with a default shows that default, which is what runs get", () => {
    const field = fieldOf(z.number().default(5));
    expect(field.placeholder).toBe("5");
    expect(read(z.number().default(5), { "p:p": "" }).params).toEqual({});
  });

  test("a cleared text is sent as an empty text, though it has a default", () => {
    expect(read(z.string().default("acme"), { "p:p": "" }).params).toEqual({ p: "" });
  });

  test("null is a choice apart from a value and from leaving out", () => {
    const field = fieldOf(z.string().nullish());
    expect(field.presences).toEqual(["value", "null", "left_out"]);
    const sent = (presence: string) =>
      read(z.string().nullish(), { "p:p": "null", "is:p": presence }).params;
    expect([sent("value"), sent("null"), sent("left_out")]).toEqual([
      { p: "null" },
      { p: null },
      {},
    ]);
  });

  test("a literal that is required is chosen already", () => {
    const field = fieldOf(z.literal("x"));
    expect(read(z.literal("x"), untouched([field])).params).toEqual({ p: "x" });
  });
});

describe("texts that are no value of their kind are refused", () => {
  test.each([
    ["a number", z.number(), "seven", "is not a number"],
    ["a whole number", z.int(), "1e", "is not a whole number"],
    [
      "a number of 64 bits",
      z.int(),
      "1234567824702058497",
      "has more digits than a number can carry",
    ],
    ["an endless number", z.number(), "1e999", "has more digits than a number can carry"],
    ["JSON", z.any(), "{a: 1}", 'is not JSON: write texts in quotes, as in "a" or ["a", "b"]'],
    [
      "a number in JSON",
      z.any(),
      '{"id": 1234567824702058497}',
      "holds 1234567824702058497, which has more digits than a number can carry",
    ],
    ["a line of a list of numbers", z.array(z.number()), "1\r\nb", "line 2 is not a number"],
  ])("%s", (_, schema, text, problem) => {
    const sent = { _form: "token", "p:p": text };
    expect(read(schema, sent).problems).toEqual({ p: problem });
    expect(shownIn(fieldOf(schema), sent).text).toBe(text.replaceAll("\r\n", "\n"));
  });
});

describe("a field says what it takes", () => {
  test.each([
    ["limits", z.int().min(1).max(9), "Whole number, at least 1, at most 9."],
    ["more than", z.number().positive(), "Number, more than 0."],
    ["lengths", z.string().min(1).max(5), "At least 1 character, at most 5 characters."],
    ["a pattern", z.string().regex(/^a+$/), "Matching ^a+$."],
    ["its description", z.string().describe("Which organisation."), "Which organisation."],
    ["examples", z.string().meta({ examples: ["acme", "octo"] }), "For example acme, octo."],
    ["an e-mail address", z.email(), "E-mail address."],
    ["the zone of an instant", z.iso.datetime(), "In UTC."],
    ["the fields of an open object", z.looseObject({ a: z.string() }), "JSON with a."],
  ])("%s", (_, schema, hint) => {
    expect(fieldOf(schema).hint).toBe(hint);
  });

  test("its title is its label, and its name stays known", () => {
    expect(fieldOf(z.string().meta({ title: "Region" }))).toMatchObject({
      label: "Region",
      name: "p",
    });
  });

  test.each([
    ["password", "password"],
    ["apiKey", "password"],
    ["DB_SECRET", "password"],
    ["author", "text"],
    ["keyspace", "text"],
  ])("%s is typed into an input of the type %s", (name, input) => {
    expect(fieldsOf({ [name]: z.string() })[0]?.control.input).toBe(input);
  });
});

test("a schema that is used twice, and one that names itself, are followed", () => {
  const region = z.enum(["eu", "us"]).meta({ id: "Region" });
  const fields = fieldsOf({ one: region, many: z.array(region), any: z.json() });
  expect(fields.map(({ control }) => control.kind)).toEqual(["choice", "choices", "json"]);
});

test("params without known fields are one field of JSON", () => {
  const fields = paramFields(z.toJSONSchema(z.record(z.string(), z.number())) as Json);
  expect(fields.map(({ label, control }) => [label, control.kind])).toEqual([["Params", "json"]]);
  expect(sentParams(fields, { _form: "t", "p:": '{"a": 1}' }).params).toEqual({ a: 1 });
});

test("a param whose fields would have the name of another param is one field of JSON", () => {
  const fields = fieldsOf({ a: z.object({ b: z.string() }), "a/b": z.string() });
  expect(fields.map(({ name, control }) => [name, control.kind])).toEqual([
    ["a", "json"],
    ["a/b", "line"],
  ]);
});

test("the fields of a nested object have its name around them, and what is deeper says what it is", () => {
  const place = z.object({
    city: z.string().meta({ title: "City" }),
    at: z.object({ x: z.int() }),
  });
  const fields = fieldsOf({ place: place.optional().meta({ description: "Where it is." }) });
  expect(fields.map(({ name, label, hint }) => [name, label, hint])).toEqual([
    ["place/city", "City", null],
    ["place/at", "at", "JSON with x."],
  ]);
  expect(fields[0]?.group).toMatchObject({
    ...{ name: "place", hint: "Where it is.", isRequired: false, initial: "left_out" },
    presences: ["value", "left_out"],
  });
});
