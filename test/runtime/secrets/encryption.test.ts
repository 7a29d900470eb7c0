import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  decrypt,
  encrypt,
  newSecretKey,
  type SecretKey,
} from "../../../runtime/secrets/encryption.ts";
import { keepSecretKey, readSecretKey } from "../../../runtime/secrets/key_file.ts";
import { parseSecretKeys, seal, unseal } from "../../../runtime/secrets/keys.ts";
import fc from "../../support/fast_check.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dagsmith-key-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const key = Buffer.from(newSecretKey(), "base64") as SecretKey;
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

const random = newSecretKey();
const typed = Buffer.from("correct horse battery staple 123").toString("base64");
const flat = Buffer.alloc(32, 7).toString("base64");

test.each([
  ["empty", ""],
  ["only spaces", " \n"],
  ["short", "short"],
  ["not base64", "x".repeat(44)],
  ["with something behind it", `${random}=`],
  ["of 16 bytes", Buffer.alloc(16).toString("base64")],
  ["with something in front of it", `${"é".repeat(10)}${random}`],
  ["a phrase that a person typed", typed],
  ["of one byte again and again", flat],
  ["followed by a key that is short", `${random} c2hvcnQ=`],
])("a key that is %s is refused, and the error does not repeat it", (_, text) => {
  const error = thrownBy(() => parseSecretKeys(text));
  expect(error).toMatchObject({ code: "INVALID_SECRET_KEY" });
  for (const part of text.split(/\s/).filter(({ length }) => length > 5))
    expect(error.message).not.toContain(part);
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was taken");
}

test("a weak key is taken behind a random one, so that what it sealed can be read", () => {
  const weak = Buffer.from(typed, "base64") as SecretKey;
  const sealed = { keyId: null, secret: encrypt(weak, owner, "old") };
  expect(unseal(parseSecretKeys(`${random} ${typed}`), owner, sealed)).toBe("old");
});

test("the first of several keys seals, and each of them opens what it has sealed", () => {
  const [older, newer] = [newSecretKey(), newSecretKey()];
  const sealedBefore = seal(parseSecretKeys(older), owner, "before");
  const both = parseSecretKeys(`${newer},\n${older}`);
  const sealedNow = seal(both, owner, "now");
  expect(unseal(both, owner, sealedBefore)).toBe("before");
  expect(unseal(both, owner, { ...sealedBefore, keyId: null })).toBe("before");
  expect(unseal(parseSecretKeys(newer), owner, sealedNow)).toBe("now");
  expect(sealedNow.keyId).not.toBe(sealedBefore.keyId);
});

test("what an unknown key has sealed names that key, and what was changed names its own", () => {
  const keys = parseSecretKeys(random);
  const foreign = seal(parseSecretKeys(newSecretKey()), owner, "x");
  expect(thrownBy(() => unseal(keys, owner, foreign)).message).toContain(
    `has no key ${foreign.keyId}`,
  );
  const sealed = seal(keys, owner, "x");
  const other = { kind: "variable", id: "other" } as const;
  expect(thrownBy(() => unseal(keys, other, sealed)).message).toContain("the row has changed");
});

test("a key file is made once, readable by its owner only, and the same for all who start at once", async () => {
  const file = join(folder, "new", "secret.key");
  expect(await readSecretKey(file)).toBeNull();
  const keys = await Promise.all(Array.from({ length: 8 }, () => keepSecretKey(file)));
  expect(new Set(keys.map(({ sealing }) => sealing)).size).toBe(1);
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
