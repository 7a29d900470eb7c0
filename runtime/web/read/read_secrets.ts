/** Reads which connections and variables there are, and never what they hold. */
import { connectionVariable, variableVariable } from "../../config/environment_secrets.ts";
import type { SecretSource } from "../../secrets/sources/source.ts";
import { type Used, usedOf } from "../../secrets/used.ts";
import { listConnections } from "../../store/access/connection.ts";
import { secretUses } from "../../store/access/secret_read.ts";
import { listVariables } from "../../store/access/variable.ts";
import { Refused } from "../http/refused.ts";
import type { WebSecrets, WebServices } from "../http/services.ts";

/** A connection or a variable. */
export interface SecretRow extends Used {
  readonly id: string;
  /** Of a stored connection; null for others. */
  readonly type: string | null;
  /** `database`, or the source that only its owner can change. */
  readonly source: string;
  /** Null outside the database. */
  readonly version: number | null;
  readonly updatedAt: Date | null;
}

/** The rows, and the sources whose secrets cannot be listed. */
export interface SecretList {
  readonly rows: readonly SecretRow[];
  readonly unlisted: readonly string[];
}

/** @throws Refused 404 when the page was started without secrets */
export function needSecrets({ secrets }: Pick<WebServices, "secrets">): WebSecrets {
  if (secrets) return secrets;
  throw new Refused(404, "This page was started without connections and variables.");
}

export async function readConnections(services: WebServices): Promise<SecretList> {
  return listOf(services, "connection", await listConnections(services.reader));
}

export async function readVariables(services: WebServices): Promise<SecretList> {
  const stored = await listVariables(services.reader);
  return listOf(
    services,
    "variable",
    stored.map(({ key, ...row }) => ({ ...row, id: key, type: null })),
  );
}

async function listOf(
  services: WebServices,
  kind: "connection" | "variable",
  stored: readonly Omit<SecretRow, "source" | keyof Used>[],
): Promise<SecretList> {
  const { sources } = needSecrets(services);
  const uses = await secretUses(services.reader, kind);
  const nameOf = kind === "connection" ? connectionVariable : variableVariable;
  const others = (await Promise.all(sources.map((source) => namesIn(source, kind)))).flat();
  const rows = [...stored.map((row) => ({ ...row, source: "database" })), ...others];
  return {
    rows: rows
      .map((row) => ({ ...row, ...usedOf(uses, nameOf, row.id) }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    unlisted: sources
      .filter(({ names, name }) => !names && name !== "database")
      .map(({ name }) => name),
  };
}

async function namesIn({ name: source, names }: SecretSource, kind: "connection" | "variable") {
  const { connections, variables } = (await names?.()) ?? { connections: [], variables: [] };
  return (kind === "connection" ? connections : variables).map((id) => ({
    ...{ id, type: null, source, version: null, updatedAt: null },
  }));
}
