/**
 * The keys and the connections of this command line: those of the environment and the
 * database only.
 */
import { passwordsIn } from "../../config/database.ts";
import type { SecretSourceName } from "../../config/secret_sources.ts";
import type { XComFolder } from "../../config/xcom_folder.ts";
import { readSecretKey } from "../../secrets/key_file.ts";
import { parseSecretKeys, type SecretKeys } from "../../secrets/keys.ts";
import type { ConnectionResolver } from "../../secrets/resolver.ts";
import { secretValuesOf } from "../../secrets/secret_values.ts";
import { cached } from "../../secrets/sources/cached.ts";
import { environmentSource } from "../../secrets/sources/environment.ts";
import { fileSource } from "../../secrets/sources/files.ts";
import type { SecretSource } from "../../secrets/sources/source.ts";
import { type StoredSecrets, storedSecrets } from "../../secrets/stored.ts";
import type { Database, Queryable } from "../../store/database/database.ts";
import type { Cli } from "../command.ts";
import { type Hide, withoutSecrets } from "../output/without_secrets.ts";
import { projectFiles } from "./project.ts";

/**
 * The keys of DAG_SECRET_KEY, else those that `dag dev` created in this folder; null when
 * there is neither.
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

/**
 * The secrets of dagsmith itself: those of the environment, the keys, and the database's
 * password.
 */
export async function ownSecrets(cli: Pick<Cli, "config" | "folder">, databaseUrl: string) {
  const keys = await findSecretKeys(cli);
  return [
    ...cli.config.ownSecrets,
    ...secretsOfFolder(cli.config.xcoms.folder),
    ...passwordsIn(databaseUrl),
    ...[...(keys?.byId.values() ?? [])].map((key) => key.toString("base64")),
  ];
}

function secretsOfFolder(folder: XComFolder | null): readonly string[] {
  return folder && typeof folder !== "string" && "connection" in folder
    ? secretValuesOf(folder.connection)
    : [];
}

/** The secrets in the database, opened with those keys. */
export async function openStoredSecrets(
  cli: Pick<Cli, "config" | "folder">,
  db: Queryable,
): Promise<StoredSecrets> {
  return storedSecrets(db, await findSecretKeys(cli));
}

/**
 * Hides the secrets of the rows that a command prints: those of dagsmith itself, of the
 * environment, of files, and those that are stored now.
 * @throws DagsmithError INVALID_SECRET_KEY
 */
export async function openHide(cli: Pick<Cli, "config" | "folder">, db: Database): Promise<Hide> {
  const { createResolver } = await import("../../secrets/resolver.ts");
  const { folder } = cli.config.secretSources;
  const resolver = createResolver({
    own: await ownSecrets(cli, db.url),
    environment: cli.config.secrets,
    sources: [fileSource(folder), await openStoredSecrets(cli, db)],
  });
  await resolver.learnStored();
  return withoutSecrets(resolver.mask);
}

/** The places where secrets are looked up, in the order of DAG_SECRET_SOURCES. */
export async function openSources(
  cli: Pick<Cli, "config" | "folder">,
  stored: StoredSecrets | null,
): Promise<readonly SecretSource[]> {
  const { order } = cli.config.secretSources;
  const opened = await Promise.all(order.map((name) => openSource(cli, name, stored)));
  return opened.filter((source) => source !== null);
}

/** The clients of AWS and Vault are loaded only where they are used. */
async function openSource(
  { config }: Pick<Cli, "config">,
  name: SecretSourceName,
  stored: StoredSecrets | null,
): Promise<SecretSource | null> {
  const { folder, prefix, vault } = config.secretSources;
  if (name === "environment") return environmentSource(config.secrets);
  if (name === "database") return stored;
  if (name === "files") return fileSource(folder);
  if (name === "aws")
    return cached((await import("../../secrets/sources/aws.ts")).awsSource(prefix));
  return vault && cached((await import("../../secrets/sources/vault.ts")).vaultSource(vault));
}

/**
 * Finds the secrets of this command line: of all sources, or without a database of the
 * others.
 */
export async function openResolver(
  cli: Pick<Cli, "config" | "folder">,
  db: Queryable | null,
): Promise<ConnectionResolver> {
  const { createResolver } = await import("../../secrets/resolver.ts");
  const stored = db && (await openStoredSecrets(cli, db));
  return createResolver({
    environment: cli.config.secrets,
    sources: await openSources(cli, stored),
  });
}
