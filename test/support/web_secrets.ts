/** Connections and variables for the page of a test: stored ones, and an environment. */
import { readConfig } from "../../runtime/config/config.ts";
import { connectionTypes } from "../../runtime/connections/connection_types.ts";
import { newSecretKey } from "../../runtime/secrets/encryption.ts";
import { parseSecretKeys } from "../../runtime/secrets/keys.ts";
import { createResolver } from "../../runtime/secrets/resolver.ts";
import { environmentSource } from "../../runtime/secrets/sources/environment.ts";
import { storedSecrets } from "../../runtime/secrets/stored.ts";
import type { Database } from "../../runtime/store/database/database.ts";

/** @param environment such as `{ DAG_CONN_LAKE: "postgres://…" }` */
export function webSecrets(db: Database, environment: Readonly<Record<string, string>> = {}) {
  const { secrets } = readConfig(environment);
  const stored = storedSecrets(db, parseSecretKeys(newSecretKey()));
  const sources = [environmentSource(secrets), stored];
  const resolver = createResolver({ environment: secrets, sources });
  const places = { packages: [], projectFolder: process.cwd() };
  const types = connectionTypes({ ...places, environment: {}, user: undefined });
  return { stored, sources, resolver, types };
}
