/**
 * The keys and the connections of this command line: those of the environment and the
 * database only.
 */
import { passwordsIn } from "../../config.ts";
import { readSecretKey } from "../../secrets/key_file.ts";
import { parseSecretKeys, type SecretKeys } from "../../secrets/keys.ts";
import { type StoredSecrets, storedSecrets } from "../../secrets/stored.ts";
import type { Queryable } from "../../store/database/database.ts";
import type { Cli } from "../command.ts";
import { projectFiles } from "./project.ts";

/**
 * The keys of DAG_SECRET_KEY, else those that `dag dev` created in this folder; null when there is
 * neither.
 * @throws DagsmithError INVALID_SECRET_KEY
 */
export async function findSecretKeys({
  config,
  folder,
}: Pick<Cli, "config" | "folder">): Promise<SecretKeys | null> {
  return config.secretKey === null
    ? readSecretKey(projectFiles(folder).secretKey)
    : parseSecretKeys(config.secretKey);
}

/** The secrets of dagsmith itself: those of the environment, the keys, and the database's password. */
export async function ownSecrets(cli: Pick<Cli, "config" | "folder">, databaseUrl: string) {
  const keys = await findSecretKeys(cli);
  return [
    ...cli.config.ownSecrets,
    ...passwordsIn(databaseUrl),
    ...[...(keys?.byId.values() ?? [])].map((key) => key.toString("base64")),
  ];
}

/** The secrets in the database, opened with those keys. */
export async function openStoredSecrets(
  cli: Pick<Cli, "config" | "folder">,
  db: Queryable,
): Promise<StoredSecrets> {
  return storedSecrets(db, await findSecretKeys(cli));
}
