/**
 * The key that `dag dev` creates and stores next to its database. A deployment sets
 * DAG_SECRET_KEY instead.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { newSecretKey } from "./encryption.ts";
import { parseSecretKeys, type SecretKeys } from "./keys.ts";

/**
 * The keys in `file`, which is created when it does not exist. Two processes that start
 * at once get the same key.
 * @throws DagsmithError INVALID_SECRET_KEY
 */
export async function keepSecretKey(file: string): Promise<SecretKeys> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${newSecretKey()}\n`, { flag: "wx", mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    },
  );
  return parseSecretKeys(await readFile(file, "utf8"), file);
}

/**
 * The keys in `file`, or null when there is no such file.
 * @throws DagsmithError INVALID_SECRET_KEY
 */
export async function readSecretKey(file: string): Promise<SecretKeys | null> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return null;
  });
  return text === null ? null : parseSecretKeys(text, file);
}
