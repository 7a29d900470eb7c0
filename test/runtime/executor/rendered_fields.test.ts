/** Rendered fields as they are stored: without secrets, and within their limits. */
import { describe, expect, test } from "vitest";
import { sentFields } from "../../../runtime/child/context/sent_fields.ts";
import { storedFields } from "../../../runtime/executor/rendered_fields.ts";
import { createMasker } from "../../../runtime/secrets/masker.ts";
import type { Json } from "../../../sdk/json.ts";

const SECRET = `s3cr"et'$1\\x`;

const masker = createMasker();
masker.add([SECRET, "90210123"]);

const stored = (fields: Readonly<Record<string, Json>>) =>
  storedFields(sentFields(fields), masker.mask);
const shownOf = (value: Json, name = "text") => stored({ [name]: value })[0]?.value;

/** The ways in which a command, a script, a request or SQL holds a value. */
const QUOTED: Readonly<Record<string, string>> = {
  "as it is": SECRET,
  "in single quotes of a shell": `'${SECRET.replaceAll("'", "'\\''")}'`,
  "in double quotes of a shell": `"${SECRET.replaceAll(/[\\"$`]/g, "\\$&")}"`,
  "in SQL": `'${SECRET.replaceAll("'", "''")}'`,
  "in JSON": JSON.stringify(SECRET),
  "URL-encoded": encodeURIComponent(SECRET),
  "in base64": Buffer.from(SECRET).toString("base64"),
};

/** The places in a field in which a text stands. */
const PLACES: Readonly<Record<string, (text: string) => Json>> = {
  "a text": (text) => text,
  "a list": (text) => ["bash", "-c", text],
  "an object within an object": (text) => ({ body: { line: text } }),
  "a name of an object": (text) => ({ [text]: 1 }),
};

describe.each(Object.entries(QUOTED))("a secret %s", (_how, quoted) => {
  test.each(Object.entries(PLACES))("is masked in %s", (_place, placed) => {
    const left = shownOf(placed(`echo <${"word"}> `)) ?? "";
    const value = shownOf(placed(`echo <${quoted}> `)) ?? "";
    expect(value).toContain("***");
    // Only quotes and padding may be left of it.
    expect(value.replaceAll(/\*\*\*|['"=\\]/g, "")).toBe(
      left.replace("word", "").replaceAll(/['"=\\]/g, ""),
    );
  });
});

test("a number that is a secret is masked", () => {
  expect(shownOf({ pin: 90_210_123 })).toBe('{\n  "pin": ***\n}');
});

test.each([
  [{ password: "abc1" }, { password: "***" }],
  [{ body: { api_key: 7, page: 7 } }, { body: { api_key: "***", page: 7 } }],
  [[{ tokens: ["a", "b", { id: 1 }] }], [{ tokens: ["***", "***", { id: 1 }] }]],
] as const)("values under names of secrets are hidden, however short: %j", (value, shown) => {
  expect(shownOf(value as Json)).toBe(JSON.stringify(shown, null, 2));
});

test("a field with the name of a secret is hidden whole", () => {
  expect(shownOf("ab", "password")).toBe("***");
});

test.each([
  ["GET /v1/trips?api_key=abc&page=2", "GET /v1/trips?api_key=***&page=2"],
  ["GET /v1/trips?page=2&key=abc&sig=d%2Fe", "GET /v1/trips?page=2&key=***&sig=***"],
  [
    "curl 'https://x.example/?X-Amz-Signature=a1#b'",
    "curl 'https://x.example/?X-Amz-Signature=***#b'",
  ],
  ["GET /v1/trips?author=ann&sort_key=day", "GET /v1/trips?author=ann&sort_key=day"],
])("secrets in the query of %s are hidden", (request, shown) => {
  expect(shownOf(request)).toBe(shown);
});

test("a report of many secrets teaches the masker none of them", () => {
  const tokens = Object.fromEntries(
    Array.from({ length: 4_000 }, (_, n) => [`token_${n}`, `items of page ${n}`]),
  );
  expect(shownOf({ ...tokens, next_page_token: "items" })).not.toContain("items");
  expect(masker.mask("42 items of page 3")).toBe("42 items of page 3");
});

test("fields are masked before they are cut, and no try has more than 20", () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`field ${n}`, n]));
  const long = "x".repeat(19_998);
  const fields = stored({ text: `${long}${SECRET}y`, ...many });
  expect(fields[0]).toEqual({ name: "text", value: `${long}**`, characters: 20_002 });
  expect(fields).toHaveLength(20);
});

test("a text that is sent in part is stored with the length of the whole", () => {
  const [field] = stored({ text: "x".repeat(312_000) });
  expect(field).toEqual({ name: "text", value: "x".repeat(20_000), characters: 312_000 });
});

test("an object that is too long to be sent hides its values, and says its length", () => {
  const value = { password: "abc1", rows: "x".repeat(312_000) };
  const text = "312,029 characters of JSON, which is too long to be shown";
  expect(stored({ value })).toEqual([{ name: "value", value: text, characters: text.length }]);
});

test.each(["[1]", "3", "null", '{"a":1}', '{"a":{"leftOut":0}}', '{"a":{"value":1,"leftOut":-1}}'])(
  "a report that no task process writes is refused: %s",
  (text) => {
    expect(() => storedFields(text, masker.mask)).toThrow("rendered fields are an object");
  },
);
