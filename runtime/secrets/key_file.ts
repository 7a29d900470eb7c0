/** The key that `dag dev` makes for itself and keeps beside its database. A deployment sets DAG_SECRET_KEY instead. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { newSecretKey, parseSecretKey, type SecretKey } from "./encryption.ts";

/** The key in `file`, made first when there is none. Two processes that start at once end with the same key. */
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
