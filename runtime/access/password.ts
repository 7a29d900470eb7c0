/**
 * Passwords as scrypt hashes, with the cost in the text: `scrypt$15$8$3$<salt>$<hash>`.
 */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";

/** OWASP's password storage cheat sheet: N = 2^15, r = 8, p = 3. */
const COST = { log2N: 15, r: 8, p: 3 } as const;
const HASH_BYTES = 32;
const SALT_BYTES = 16;

export const PASSWORD_LENGTH = { least: 12, most: 200 } as const;

/** Hashes a new password. */
export async function hashPassword(password: string): Promise<string> {
  const { log2N, r, p } = COST;
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, log2N, r, p);
  return ["scrypt", log2N, r, p, salt.toString("base64url"), hash.toString("base64url")].join("$");
}

/**
 * Checks a password. Without a stored hash it takes the same time and returns false, so
 * that the time does not reveal which users exist.
 */
export async function isPassword(password: string, stored: string | null): Promise<boolean> {
  const [, log2N, r, p, salt = "", hash = ""] = (stored ?? NONE).split("$");
  const wanted = Buffer.from(hash, "base64url");
  const given = await derive(
    password,
    Buffer.from(salt, "base64url"),
    Number(log2N),
    Number(r),
    Number(p),
  );
  return stored !== null && timingSafeEqual(given, wanted);
}

const NONE = ["scrypt", COST.log2N, COST.r, COST.p, "", "A".repeat(43)].join("$");

function derive(
  password: string,
  salt: Buffer,
  log2N: number,
  r: number,
  p: number,
): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** log2N, r, p, maxmem: 256 * r * 2 ** log2N };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, HASH_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
