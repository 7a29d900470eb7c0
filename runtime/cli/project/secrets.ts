/**
 * The key and the connections of this command line: those of the environment and the
 * database only.
 */
import { passwordsIn } from "../../config.ts";
import { parseSecretKey, type SecretKey } from "../../secrets/encryption.ts";
import { readSecretKey } from "../../secrets/key_file.ts";
import { type StoredSecrets, storedSecrets } from "../../secrets/stored.ts";
import type { Queryable } from "../../store/database/database.ts";
import type { Cli } from "../command.ts";
import { projectFiles } from "./project.ts";

/**
 * DAG_SECRET_KEY, else the key that `dag dev` created in this folder; null when there is
 * neither.
 * @throws DagsmithError INVALID_SECRET_KEY
 */
export async function findSecretKey({
  config,
  folder,
}: Pick<Cli, "config" | "folder">): Promise<SecretKey | null> {
  return config.secretKey === null
    ? readSecretKey(projectFiles(folder).secretKey)
    : parseSecretKey(config.secretKey);
}

/** The secrets of dagsmith itself: those of the environment, the key, and the database's password. */
export async function ownSecrets(cli: Pick<Cli, "config" | "folder">, databaseUrl: string) {
  const key = await findSecretKey(cli);
  return [
    ...cli.config.ownSecrets,
    ...passwordsIn(databaseUrl),
    ...(key ? [key.toString("base64")] : []),
  ];
}

/** The secrets in the database, opened with that key. */
export async function openStoredSecrets(
  cli: Pick<Cli, "config" | "folder">,
  db: Queryable,
): Promise<StoredSecrets> {
  return storedSecrets(db, await findSecretKey(cli));
}
