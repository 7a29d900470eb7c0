/** Connections and variables in the database, sealed and opened with one key. */
import { type Connection, parseConnection } from "../../sdk/connection.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import { allConnections, findConnection, putConnection } from "../store/access/connection.ts";
import { allVariables, findVariable, putVariable } from "../store/access/variable.ts";
import type { Queryable } from "../store/database/database.ts";
import { decrypt, encrypt, type SecretKey } from "./encryption.ts";

/** The stored connections and variables, readable. */
export interface StoredSecrets {
  /**
   * Null when it is not stored. @throws DagsmithError SECRET_KEY_MISSING,
   * SECRET_UNREADABLE
   */
  connection(id: string): Promise<Connection | null>;
  /**
   * Null when it is not stored. @throws DagsmithError SECRET_KEY_MISSING,
   * SECRET_UNREADABLE
   */
  variable(key: string): Promise<string | null>;
  /** All secrets that this key can open; others are left out. */
  readable(): Promise<{
    readonly connections: readonly Connection[];
    readonly variables: ReadonlyMap<string, string>;
  }>;
  /** @throws DagsmithError SECRET_KEY_MISSING */
  setConnection(connection: Connection): Promise<void>;
  /** @throws DagsmithError SECRET_KEY_MISSING */
  setVariable(key: string, value: string): Promise<void>;
}

/**
 * @param key null when DAG_SECRET_KEY is not set: then only a request for a stored secret
 *   fails
 */
export function storedSecrets(db: Queryable, key: SecretKey | null): StoredSecrets {
  const needKey = (): SecretKey => {
    if (key === null) throw new DagsmithError("SECRET_KEY_MISSING", {});
    return key;
  };
  return {
    connection: async (id) => {
      const sealed = await findConnection(db, id);
      return sealed && parseConnection(id, decrypt(needKey(), { kind: "connection", id }, sealed));
    },
    variable: async (id) => {
      const sealed = await findVariable(db, id);
      return sealed && decrypt(needKey(), { kind: "variable", id }, sealed);
    },
    readable: async () =>
      key === null ? { connections: [], variables: new Map() } : readAll(db, key),
    setConnection: async ({ id, ...fields }) => {
      const secret = encrypt(needKey(), { kind: "connection", id }, JSON.stringify(fields));
      await putConnection(db, { id, type: fields.type, secret });
    },
    setVariable: async (id, value) => {
      await putVariable(db, {
        key: id,
        secret: encrypt(needKey(), { kind: "variable", id }, value),
      });
    },
  };
}

async function readAll(db: Queryable, key: SecretKey): ReturnType<StoredSecrets["readable"]> {
  const [connections, variables] = await Promise.all([allConnections(db), allVariables(db)]);
  return {
    connections: connections.flatMap(({ id, secret }) => {
      const text = readableText(key, { kind: "connection", id }, secret);
      return text === null ? [] : [parseConnection(id, text)];
    }),
    variables: new Map(
      variables.flatMap(({ key: id, secret }) => {
        const text = readableText(key, { kind: "variable", id }, secret);
        return text === null ? [] : [[id, text] as const];
      }),
    ),
  };
}

/**
 * A secret that is sealed with another key cannot leak from this process, so the masker
 * need not know it.
 */
function readableText(
  key: SecretKey,
  owner: Parameters<typeof decrypt>[1],
  sealed: Buffer,
): string | null {
  try {
    return decrypt(key, owner, sealed);
  } catch {
    return null;
  }
}
