/** Where Vault is, and how dagsmith reads from it. */
import type { Setting } from "./environment.ts";
import { refused } from "./values.ts";

export interface VaultSettings {
  /** VAULT_ADDR, without "/" at its end. */
  readonly address: string;
  /** VAULT_TOKEN, or the file of VAULT_TOKEN_FILE, which an agent may renew. */
  readonly token: string | { readonly file: string };
  /** VAULT_NAMESPACE. */
  readonly namespace: string | null;
  /** DAG_VAULT_MOUNT: where the KV engine is mounted. Default: secret. */
  readonly mount: string;
  readonly prefix: string;
}

/** @throws DagsmithError INVALID_ARGUMENT */
export function vaultSettings(setting: Setting, prefix: string): VaultSettings {
  return {
    address: vaultAddress(setting),
    token: vaultToken(setting),
    namespace: setting("VAULT_NAMESPACE"),
    mount: vaultMount(setting("DAG_VAULT_MOUNT") ?? "secret"),
    prefix,
  };
}

function vaultAddress(setting: Setting): string {
  const address = URL.parse(setting("VAULT_ADDR") ?? "");
  // The refusal does not repeat the text: people put credentials in front of a host.
  if (!address || !/^https?:$/.test(address.protocol) || address.username !== "")
    return refused(
      "VAULT_ADDR",
      "it must be the address of Vault, such as https://vault.example.org:8200",
    );
  return address.href.replace(/\/+$/, "");
}

function vaultToken(setting: Setting): VaultSettings["token"] {
  const file = setting("VAULT_TOKEN_FILE");
  if (file !== null) return { file };
  return (
    setting("VAULT_TOKEN") ??
    refused(
      "VAULT_TOKEN",
      "it or VAULT_TOKEN_FILE must be set, because DAG_SECRET_SOURCES has vault",
    )
  );
}

function vaultMount(mount: string): string {
  if (/^[\w-]+(?:\/[\w-]+)*$/.test(mount)) return mount;
  return refused(
    "DAG_VAULT_MOUNT",
    `it is "${mount}"; allowed: the path of a mount, such as secret`,
  );
}
