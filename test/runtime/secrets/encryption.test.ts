import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  decrypt,
  encrypt,
  newSecretKey,
  parseSecretKey,
} from "../../../runtime/secrets/encryption.ts";
import { keepSecretKey, readSecretKey } from "../../../runtime/secrets/key_file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dagsmith-key-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const key = parseSecretKey(newSecretKey());
const owner = { kind: "variable", id: "v" } as const;

test("any text comes back as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(decrypt(key, owner, encrypt(key, owner, text))).toBe(text.toWellFormed());
    }),
  );
});

test("the same text is never sealed the same way twice", () => {
  expect(encrypt(key, owner, "same").equals(encrypt(key, owner, "same"))).toBe(false);
});

test.each([
  "",
  "short",
  "x".repeat(44),
  `${newSecretKey()}=`,
  Buffer.alloc(16).toString("base64"),
  `${"é".repeat(10)}${newSecretKey()}`,
])("a key that is not 32 bytes in base64 is refused without being repeated: %j", (text) => {
  expect(() => parseSecretKey(text)).toThrow(
    expect.objectContaining({ code: "INVALID_SECRET_KEY" }),
  );
  if (text.length > 5) expect(() => parseSecretKey(text)).not.toThrow(text);
});

test("a key file is made once, readable by its owner only, and the same for all who start at once", async () => {
  const file = join(folder, "new", "secret.key");
  expect(await readSecretKey(file)).toBeNull();
  const keys = await Promise.all(Array.from({ length: 8 }, () => keepSecretKey(file)));
  expect(new Set(keys.map((one) => one.toString("hex"))).size).toBe(1);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readSecretKey(file)).toEqual(keys[0]);
  expect((await readFile(file, "utf8")).trim()).toHaveLength(44);
});

test("a key file that holds something else is refused, not replaced", async () => {
  const file = join(folder, "damaged.key");
  await writeFile(file, "not a key");
  await expect(keepSecretKey(file)).rejects.toMatchObject({ code: "INVALID_SECRET_KEY" });
  expect(await readFile(file, "utf8")).toBe("not a key");
});
