import { describe, expect, test } from "vitest";
import { createMasker, MASK, MIN_SECRET_LENGTH } from "../../../runtime/secrets/masker.ts";
import fc from "../../support/fast_check.ts";

const masked = (secrets: readonly string[], text: string): string => {
  const masker = createMasker();
  masker.add(secrets);
  return masker.mask(text);
};

const secret = fc
  .string({ minLength: MIN_SECRET_LENGTH, maxLength: 40, unit: "grapheme" })
  .filter((text) => text.trim().length >= MIN_SECRET_LENGTH);
const around = fc.string({ maxLength: 30 });

/** The ways in which a program writes a text that it holds. */
const writings: Readonly<Record<string, (text: string) => string>> = {
  "as it is": (text) => text,
  "URL-encoded": (text) => encodeURIComponent(text.toWellFormed()),
  "as a form field": (text) => new URLSearchParams({ a: text }).toString().slice(2),
  "in base64": (text) => Buffer.from(text).toString("base64"),
  "in base64url": (text) => Buffer.from(text).toString("base64url"),
  "as the password of basic auth": (text) => Buffer.from(`u:${text}`).toString("base64"),
  "as the password behind another name": (text) => Buffer.from(`us:${text}!`).toString("base64"),
  "in JSON": (text) => JSON.stringify({ a: text }),
  "in single quotes of a shell": (text) => `'${text.replaceAll("'", "'\\''")}'`,
  "in double quotes of a shell": (text) => `"${text.replaceAll(/[\\"$`]/g, "\\$&")}"`,
  "in SQL": (text) => `'${text.replaceAll("'", "''")}'`,
  "in SQL within JSON": (text) => JSON.stringify([`'${text.replaceAll("'", "''")}'`]),
  "in JSON within JSON": (text) => JSON.stringify({ a: JSON.stringify({ b: text }) }),
  "in hex": (text) => Buffer.from(text).toString("hex"),
};

describe("a secret is masked", () => {
  for (const [how, write] of Object.entries(writings)) {
    test(how, () => {
      fc.assert(
        fc.property(secret, around, around, (value, before, after) => {
          const text = masked([value], `${before}${write(value)}${after}`);
          expect(text).toContain(MASK);
          expect(text).not.toContain(`${before}${write(value)}${after}`);
          // Whatever is left of the written form, it is not enough to hold the secret.
          expect(text.replaceAll(MASK, "").length).toBeLessThan(
            before.length + after.length + write(value).length,
          );
        }),
      );
    });
  }
});

test("no registered secret is left in a masked text, whichever secrets overlap in it", () => {
  // A mask made of stars could itself complete a secret made of stars.
  const short = fc.string({
    minLength: MIN_SECRET_LENGTH,
    maxLength: 8,
    unit: fc.constantFrom("a", "b", "c"),
  });
  fc.assert(
    fc.property(
      fc.array(short, { minLength: 1, maxLength: 5 }),
      fc.string({ maxLength: 60, unit: fc.constantFrom("a", "b", "c") }),
      (secrets, text) => {
        const result = masked(secrets, text);
        for (const value of secrets) expect(result).not.toContain(value);
      },
    ),
  );
});

test("text without a secret is left as it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("x", "y", " ", "\n") }), (text) => {
      expect(masked(["secret-value"], text)).toBe(text);
    }),
  );
});

test("a masked text stays as it is when it is masked again", () => {
  expect(masked(["s3cret-pass"], masked(["s3cret-pass"], "login with s3cret-pass now"))).toBe(
    `login with ${MASK} now`,
  );
});

test("two secrets that overlap in the text are masked as one", () => {
  expect(masked(["abcdef", "defghi"], "<abcdefghi>")).toBe(`<${MASK}>`);
});

test("a secret that begins with another is masked to its end", () => {
  expect(masked(["token", "token-longer"], "token-longer, token")).toBe(`${MASK}, ${MASK}`);
});

test("each line of a secret of several lines is masked, for logs are written line by line", () => {
  const key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\r\n  kqhkiG9w0BAQEF\n-----END KEY-----";
  const result = masked([key], "INFO MIIEvQIBADANBg\nINFO   kqhkiG9w0BAQEF");
  expect(result).toBe(`INFO ${MASK}\nINFO   ${MASK}`);
});

test("a value too short to be told from ordinary words is left alone", () => {
  expect(masked(["", "a", "true"], "a true story")).toBe("a true story");
});

test("a secret of pattern characters is taken literally", () => {
  expect(masked([".*+?^$()[]{}|\\/-"], "x .*+?^$()[]{}|\\/- y anything")).toBe(
    `x ${MASK} y anything`,
  );
});

test("a secret added later is masked from then on", () => {
  const masker = createMasker();
  masker.add(["first-secret"]);
  expect(masker.mask("first-secret second-secret")).toBe(`${MASK} second-secret`);
  masker.add(["second-secret"]);
  expect(masker.mask("first-secret second-secret")).toBe(`${MASK} ${MASK}`);
});

test("a secret with colour codes inside is masked, and other colours stay", () => {
  const red = "\u001b[31m";
  expect(masked(["hunter2-secret"], `${red}hunter2-${red}secret!`)).toBe(`${MASK}!`);
  expect(masked(["hunter2-secret"], `${red}harmless`)).toBe(`${red}harmless`);
});

test.each([
  ["postgres://etl:pa55word@db/dagsmith", `postgres://etl:${MASK}@db/dagsmith`],
  ["see https://:t0ken@host and amqp://a:b@c", `see https://:${MASK}@host and amqp://a:${MASK}@c`],
  ["http://host:8080/a@b", "http://host:8080/a@b"],
  ["s3://bucket/key", "s3://bucket/key"],
])("the password in a URL is masked although nothing else names it: %s", (text, shown) => {
  expect(masked([], text)).toBe(shown);
});

test("a text of a megabyte that looks like the beginning of URLs is masked at once", () => {
  const text = "a.".repeat(250_000) + "http://".repeat(70_000);
  const startedAt = process.cpuUsage().user;
  masked([], text);
  expect((process.cpuUsage().user - startedAt) / 1_000).toBeLessThan(5_000);
});
