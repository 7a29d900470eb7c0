/**
 * HashiCorp Vault and OpenBao: the KV engine, version 2, over HTTP. A connection is
 * `<mount>/<prefix>connections/<id>`: its fields, or one field `conn_uri`. A variable is
 * `<mount>/<prefix>variables/<key>` with the field `value`, as in Airflow.
 */
import { readFile } from "node:fs/promises";
import { type Connection, parseConnection } from "../../../sdk/connection.ts";
import type { VaultSettings } from "../../config/vault.ts";
import type { SecretOwner } from "../encryption.ts";
import { pathOf, type SecretSource, sourceFailed } from "./source.ts";

const TIMEOUT_MS = 10_000;

type Fields = Readonly<Record<string, unknown>>;

export function vaultSource(settings: VaultSettings): SecretSource {
  return {
    name: "vault",
    connection: async (id) => {
      const fields = await read(settings, { kind: "connection", id });
      return fields && connectionOf(id, fields);
    },
    variable: async (key) => {
      const owner = { kind: "variable", id: key } as const;
      const fields = await read(settings, owner);
      if (fields === null) return null;
      if (typeof fields.value !== "string")
        throw sourceFailed("vault", owner, "the secret has no field value with a text");
      return fields.value;
    },
  };
}

/** @throws DagsmithError INVALID_CONNECTION */
function connectionOf(id: string, fields: Fields): Connection {
  const { conn_uri: uri } = fields;
  return parseConnection(id, typeof uri === "string" ? uri : JSON.stringify(fields));
}

async function read(settings: VaultSettings, owner: SecretOwner): Promise<Fields | null> {
  const path = pathOf(settings.prefix, owner);
  if (path === null) return null;
  const response = await request(settings, path, owner);
  if (response.status === 404) return null;
  if (!response.ok) throw sourceFailed("vault", owner, refusalOf(response.status));
  const answer = (await response.json().catch(() => null)) as {
    readonly data?: { readonly data?: Fields | null };
  } | null;
  const fields = answer?.data?.data;
  if (fields) return fields;
  throw sourceFailed("vault", owner, `${settings.mount} is no KV engine of version 2`);
}

/** A redirect is refused: it would take the token elsewhere. */
async function request(
  settings: VaultSettings,
  path: string,
  owner: SecretOwner,
): Promise<Response> {
  const { address, mount, namespace } = settings;
  const headers = {
    "X-Vault-Token": await tokenOf(settings, owner),
    "X-Vault-Request": "true",
    ...(namespace !== null && { "X-Vault-Namespace": namespace }),
  };
  try {
    return await fetch(`${address}/v1/${mount}/data/${path}`, {
      ...{ headers, redirect: "error" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const { cause, name } = error as Error & { readonly cause?: { readonly code?: string } };
    throw sourceFailed("vault", owner, `${address} does not answer (${cause?.code ?? name})`);
  }
}

/** The file is read each time, because an agent renews the token in it. */
async function tokenOf({ token }: VaultSettings, owner: SecretOwner): Promise<string> {
  if (typeof token === "string") return token;
  return (
    await readFile(token.file, "utf8").catch(() => {
      throw sourceFailed("vault", owner, `the file of its token, ${token.file}, cannot be read`);
    })
  ).trim();
}

function refusalOf(status: number): string {
  if (status === 403) return "it answered 403: the token has ended, or may not read this path";
  if (status === 503) return "it answered 503: it is sealed, or in maintenance";
  return `it answered ${status}`;
}
