/**
 * The key that `dag dev` creates and stores next to its database. A deployment sets
 * DAG_SECRET_KEY instead.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { newSecretKey, parseSecretKey, type SecretKey } from "./encryption.ts";

/**
 * The key in `file`, which is created when it does not exist. Two processes that start at
 * once get the same key.
 */
export async function keepSecretKey(file: string): Promise<SecretKey> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${newSecretKey()}\n`, { flag: "wx", mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    },
  );
  return parseSecretKey(await readFile(file, "utf8"));
}

/** The key in `file`, or null when there is no such file. */
export async function readSecretKey(file: string): Promise<SecretKey | null> {
  const text = await readFile(file, "utf8").catch(() => null);
  return text === null ? null : parseSecretKey(text);
}
