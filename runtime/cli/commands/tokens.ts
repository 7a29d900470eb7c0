/** `dag tokens`: the tokens with which programs use the API as a user. */
import { PERMISSIONS, type Permission } from "../../access/permissions.ts";
import { command } from "../command.ts";
import { listOf, wholeNumber } from "../input/option_values.ts";
import { table } from "../output/table.ts";
import { withDatabase } from "../project/database.ts";

const list = command({
  usage: "list [user]",
  summary: "List API tokens: what they may do, when they were used, when they expire",
  example: "dag tokens list",
  document: async () => (await import("../documents/access.ts")).tokens,
  run: async (cli, [user]: readonly [string | undefined]) =>
    withDatabase(cli, async (db) => {
      const { listTokens } = await import("../../store/access/api_token.ts");
      const tokens = await listTokens(db, user ?? null);
      const rows = tokens.map(({ user: owner, name, scopes, usedAt, expiresAt }) => [
        ...[owner, name, scopes?.join(", ") ?? "all of the user"],
        ...[usedAt, expiresAt].map((at) => at?.toISOString().slice(0, 16) ?? "never"),
      ]);
      const headings = ["user", "token", "may", "last used", "expires"];
      const lines = tokens.length === 0 ? ["There are no API tokens."] : table(headings, rows);
      return { json: { tokens }, lines };
    }),
});

interface CreateFlags {
  readonly scopes?: readonly Permission[];
  readonly days?: number;
}

const create = command({
  usage: "create <user> <name>",
  summary: "Create an API token that acts as a user, and print it, once",
  more: `Without --scopes it may do all that its user may do. Scopes: ${Object.keys(PERMISSIONS).join(", ")}.`,
  options: [
    {
      flags: "--scopes <permissions>",
      text: "what it may do, separated by commas",
      parse: listOf(Object.keys(PERMISSIONS) as Permission[]),
    },
    {
      flags: "--days <n>",
      text: "days until it expires (default: it does not expire)",
      parse: wholeNumber(1, 3_650),
    },
  ],
  example: "dag tokens create ada ci --scopes dag.read,dag.operate --days 90",
  document: async () => (await import("../documents/access.ts")).tokenCreated,
  run: async (cli, [user, name]: readonly [string, string], { scopes, days }: CreateFlags) =>
    withDatabase(cli, async (db) => {
      const { createToken } = await import("../../actions/index.ts");
      const limits = { scopes: scopes ?? null, days: days ?? null };
      const token = await createToken(db, { user, name, ...limits, actor: cli.config.user });
      return { json: { user, name, token }, lines: [token] };
    }),
});

const revoke = command({
  usage: "revoke <user> <name>",
  summary: "Revoke an API token; it is refused at once",
  example: "dag tokens revoke ada ci",
  document: async () => (await import("../documents/access.ts")).tokenRevoked,
  run: async (cli, [user, name]: readonly [string, string]) =>
    withDatabase(cli, async (db) => {
      const { revokeToken } = await import("../../actions/index.ts");
      await revokeToken(db, { user, name, actor: cli.config.user });
      const lines = [`The token ${name} of ${user} is revoked.`];
      return { json: { user, name, revoked: true }, lines };
    }),
});

export const tokens = {
  name: "tokens",
  summary: "API tokens of users: list, create, revoke",
  commands: [list, create, revoke],
};
