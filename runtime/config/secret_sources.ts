/** Where connections and variables are looked up, and in which order. */
import type { Setting } from "./environment.ts";
import { refused } from "./values.ts";
import { type VaultSettings, vaultSettings } from "./vault.ts";

const SECRET_SOURCES = ["environment", "files", "aws", "vault", "database"] as const;
export type SecretSourceName = (typeof SECRET_SOURCES)[number];

export interface SecretSourceSettings {
  /** DAG_SECRET_SOURCES, in this order. Default: environment, database. */
  readonly order: readonly SecretSourceName[];
  /** DAG_SECRETS_FOLDER. Default: /run/secrets. */
  readonly folder: string;
  /** DAG_SECRETS_PREFIX: how every name begins in AWS and Vault. Default: "dagsmith/". */
  readonly prefix: string;
  /** Null when the order does not name it. */
  readonly vault: VaultSettings | null;
}

/** @throws DagsmithError INVALID_ARGUMENT */
export function secretSources(setting: Setting): SecretSourceSettings {
  const order = sourceOrder(setting("DAG_SECRET_SOURCES") ?? "environment,database");
  const prefix = secretsPrefix(setting("DAG_SECRETS_PREFIX") ?? "dagsmith/");
  return {
    order,
    folder: setting("DAG_SECRETS_FOLDER") ?? "/run/secrets",
    prefix,
    vault: order.includes("vault") ? vaultSettings(setting, prefix) : null,
  };
}

function sourceOrder(text: string): readonly SecretSourceName[] {
  const names = text.split(",").map((name) => name.trim());
  return [...new Set(names.map(sourceName))];
}

function sourceName(name: string): SecretSourceName {
  const allowed = SECRET_SOURCES.join(", ");
  return (
    SECRET_SOURCES.find((source) => source === name) ??
    refused("DAG_SECRET_SOURCES", `"${name}" is no source; allowed: ${allowed}`)
  );
}

function secretsPrefix(prefix: string): string {
  if (/^(?:[\w.-]+\/)*$/.test(prefix) && !/(?:^|\/)\.+\//.test(prefix)) return prefix;
  return refused("DAG_SECRETS_PREFIX", `it is "${prefix}"; allowed: names that end with /`);
}
