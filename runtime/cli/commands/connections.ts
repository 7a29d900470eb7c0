/** `dag connections`: the connections to outside systems. */
import { parseConnection } from "../../../sdk/connection.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import { connectionVariable } from "../../config/environment_secrets.ts";
import { type Cli, command } from "../command.ts";
import { findUses, usedCells } from "../find/secret_uses.ts";
import { connectionInput, FIELD_OPTIONS, type FieldOptions } from "../input/connection_input.ts";
import { table } from "../output/table.ts";
import { timeText } from "../output/words.ts";
import { openConnectionTypes } from "../project/connection_types.ts";
import { findDatabaseUrl, withDatabase } from "../project/database.ts";
import { openStoredSecrets } from "../project/secrets.ts";
import { clear, get } from "./connection_fields.ts";
import { testConnection, types } from "./connection_types.ts";

const list = command({
  usage: "list",
  summary: "List connections: where they are set, and which DAGs use them; never their values",
  example: "dag connections list",
  document: async () => (await import("../documents/settings.ts")).connections,
  run: async (cli) => {
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
  document: async () => (await import("../documents/settings.ts")).connectionSet,
  run: async (cli, [id, given]: readonly [string, string | undefined], fields: FieldOptions) => {
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

const remove = command({
  usage: "delete <id>",
  summary: "Delete a stored connection",
  example: "dag connections delete warehouse",
  document: async () => (await import("../documents/settings.ts")).connectionDeleted,
  run: async (cli, [id]: readonly [string]) =>
    withDatabase(cli, async (db) => {
      const { deleteConnection } = await import("../../actions/secrets.ts");
      const stored = await openStoredSecrets(cli, db);
      if (!(await deleteConnection(db, stored, id, { actor: cli.config.user })))
        throw new DagsmithError("CONNECTION_NOT_FOUND", { id, variable: connectionVariable(id) });
      return { json: { id, deleted: true }, lines: [`Connection ${id} is deleted.`] };
    }),
});

export const connections = {
  name: "connections",
  summary: "Connections to outside systems: list, set, get, test, clear, delete, and their types",
  commands: [list, types, set, get, testConnection, clear, remove],
};
