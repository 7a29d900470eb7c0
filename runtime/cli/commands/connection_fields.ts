/** `dag connections get` and `dag connections clear`: the fields of one connection. */
import type { Connection } from "../../../sdk/connection.ts";
import type { Json } from "../../../sdk/json.ts";
import { secretFields } from "../../connections/edit.ts";
import { looksSecret } from "../../secrets/secret_values.ts";
import { type Cli, command } from "../command.ts";
import { openConnectionTypes } from "../project/connection_types.ts";
import { findDatabaseUrl, withDatabase } from "../project/database.ts";
import { openResolver, openStoredSecrets } from "../project/secrets.ts";

const HIDDEN = "***";

export const get = command({
  usage: "get <id>",
  summary: "Show a connection as tasks get it, without its secrets",
  options: [{ flags: "--reveal", text: "show the secrets too" }],
  example: "dag connections get warehouse --json",
  document: async () => (await import("../documents/settings.ts")).connection,
  run: async (cli, [id]: readonly [string], options: { readonly reveal?: true }) => {
    const found = await findConnection(cli, id, options.reveal ?? false);
    const shown = options.reveal ? found : await hideSecrets(cli, found);
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

/** Hides the fields that the type declares as secrets, and those that look like secrets. */
async function hideSecrets(cli: Cli, connection: Connection): Promise<Connection> {
  const { types } = await (await openConnectionTypes(cli)).list();
  const described = types.find(({ ids }) => ids.includes(connection.type));
  const declared = described ? secretFields(described) : [];
  const { id, type, extra, ...parts } = connection;
  const hidden = (fields: object) =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]: [string, Json]) => [
        name,
        value !== null && declared.includes(name) ? HIDDEN : hide(value, name),
      ]),
    );
  return { id, type, ...hidden(parts), extra: hidden(extra) } as Connection;
}

function hide(value: Json, name: string): Json {
  if (Array.isArray(value)) return value.map((item: Json) => hide(item, name));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hide(inner, key)]));
  return looksSecret(name) && value !== null ? HIDDEN : value;
}

export const clear = command({
  usage: "clear <id> <field...>",
  summary: "Clear fields of a stored connection, such as a password; its other fields stay",
  example: "dag connections clear warehouse password",
  document: async () => (await import("../documents/settings.ts")).connectionCleared,
  run: async (cli, [id, fields]: readonly [string, readonly string[]]) =>
    withDatabase(cli, async (db) => {
      const { clearConnectionFields } = await import("../../actions/secrets.ts");
      const types = await openConnectionTypes(cli);
      const stored = await openStoredSecrets(cli, db);
      const by = { actor: cli.config.user };
      await clearConnectionFields(db, { stored, types, id, fields, ...by });
      return {
        json: { id, cleared: fields },
        lines: [`Connection ${id} has no ${fields.join(", ")} now.`],
      };
    }),
});
