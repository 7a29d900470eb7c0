/** `dag connections`: the connections to outside systems. */
import { type Connection, parseConnection } from "../../../sdk/connection.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import { connectionVariable } from "../../config/environment_secrets.ts";
import { looksSecret } from "../../secrets/secret_values.ts";
import { type Cli, command, type Outcome } from "../command.ts";
import { findUses, usedCells } from "../find/secret_uses.ts";
import { connectionInput, FIELD_OPTIONS, type FieldOptions } from "../input/connection_input.ts";
import { table } from "../output/table.ts";
import { timeText } from "../output/words.ts";
import { openConnectionTypes } from "../project/connection_types.ts";
import { findDatabaseUrl, withDatabase } from "../project/database.ts";
import { openResolver, openStoredSecrets } from "../project/secrets.ts";
import { testConnection, types } from "./connection_types.ts";

const HIDDEN = "***";

const list = command({
  usage: "list",
  summary: "List connections: where they are set, and which DAGs use them; never their values",
  example: "dag connections list",
  run: async (cli): Promise<Outcome> => {
    const environment = [...cli.config.secrets.connections].map(([name, text]) => {
      return {
        id: name.toLowerCase(),
        type: typeOf(name, text),
        source: connectionVariable(name),
        updatedAt: null,
      };
    });
    const useOf = await findUses(cli, "connection", connectionVariable);
    const connections = [...environment, ...(await storedConnections(cli))]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map((connection) => ({ ...connection, ...useOf(connection.id) }));
    const rows = connections.map(({ id, type, source, updatedAt, ...used }) => [
      ...[id, type, source, timeText(updatedAt)],
      ...usedCells(used),
    ]);
    const lines =
      connections.length === 0
        ? ["There are no connections."]
        : table(["connection", "type", "set in", "changed", "used by", "last used"], rows);
    return { json: { connections }, lines };
  },
});

async function storedConnections(cli: Cli) {
  if ((await findDatabaseUrl(cli)) === null) return [];
  return withDatabase(cli, async (db) => {
    const { listConnections } = await import("../../store/access/connection.ts");
    return (await listConnections(db)).map((connection) => ({ ...connection, source: "database" }));
  });
}

function typeOf(id: string, text: string): string {
  try {
    return parseConnection(id, text).type;
  } catch {
    return "unreadable";
  }
}

const set = command({
  usage: "set <id> [uri]",
  summary: "Store a connection, encrypted, from a URI, a JSON object, or its fields",
  more: "Without the value, or with -, it is read from standard input, so that it stays out of the shell's history.",
  options: FIELD_OPTIONS,
  example: "dag connections set warehouse postgres://etl:secret@db:5432/lake",
  run: async (
    cli,
    [id, given]: readonly [string, string | undefined],
    fields: FieldOptions,
  ): Promise<Outcome> => {
    const connection = await connectionInput(id, given, fields);
    await (await openConnectionTypes(cli)).check(connection);
    return withDatabase(cli, async (db) => {
      const { setConnection } = await import("../../actions/secrets.ts");
      await setConnection(db, await openStoredSecrets(cli, db), connection, {
        actor: cli.config.user,
      });
      return {
        json: { id, type: connection.type },
        lines: [`Connection ${id} (${connection.type}) is stored.`, ...shadowed(cli, id)],
      };
    });
  },
});

/**
 * Warns of a stored connection that is never read, because the environment has one of the
 * same id.
 */
function shadowed(cli: Cli, id: string): readonly string[] {
  return cli.config.secrets.connection(id) === null
    ? []
    : [`${connectionVariable(id)} is set too, and replaces it.`];
}

const get = command({
  usage: "get <id>",
  summary: "Show a connection as tasks get it, without its secrets",
  options: [{ flags: "--reveal", text: "show the secrets too" }],
  example: "dag connections get warehouse --json",
  run: async (
    cli,
    [id]: readonly [string],
    options: { readonly reveal?: true },
  ): Promise<Outcome> => {
    const found = await findConnection(cli, id, options.reveal ?? false);
    const shown = options.reveal ? found : hideSecrets(found);
    const lines = Object.entries(shown).map(
      ([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    return { json: shown, lines };
  },
});

/**
 * Without a database, a connection of another source can still be shown. With one, the
 * audit names the person who saw its secrets.
 */
async function findConnection(cli: Cli, id: string, isRevealed: boolean): Promise<Connection> {
  if ((await findDatabaseUrl(cli)) === null) return (await openResolver(cli, null)).connection(id);
  return withDatabase(cli, async (db) => {
    const { recordReveal } = await import("../../actions/secrets.ts");
    const found = await (await openResolver(cli, db)).connection(id);
    if (isRevealed) await recordReveal(db, "connection", id, { actor: cli.config.user });
    return found;
  });
}

function hideSecrets(connection: Connection): Connection {
  const hide = (value: Json, name: string): Json => {
    if (Array.isArray(value)) return value.map((item: Json) => hide(item, name));
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, hide(inner, key)]),
      );
    return looksSecret(name) && value !== null ? HIDDEN : value;
  };
  const extra = hide(connection.extra, "") as Connection["extra"];
  return { ...connection, password: connection.password === null ? null : HIDDEN, extra };
}

const remove = command({
  usage: "delete <id>",
  summary: "Delete a stored connection",
  example: "dag connections delete warehouse",
  run: async (cli, [id]: readonly [string]): Promise<Outcome> =>
    withDatabase(cli, async (db) => {
      const { deleteConnection } = await import("../../actions/secrets.ts");
      if (!(await deleteConnection(db, id, { actor: cli.config.user })))
        throw new DagsmithError("CONNECTION_NOT_FOUND", { id, variable: connectionVariable(id) });
      return { json: { id, deleted: true }, lines: [`Connection ${id} is deleted.`] };
    }),
});

export const connections = {
  name: "connections",
  summary: "Connections to outside systems: list, set, get, test, delete, and their types",
  commands: [list, types, set, get, testConnection, remove],
};
