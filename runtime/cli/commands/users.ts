/** `dag users`: who may log in to the page, and in which role. */
import { ROLES, type Role } from "../../access/permissions.ts";
import type { Database } from "../../store/database/database.ts";
import { rolesText } from "../../words/roles_text.ts";
import { type Cli, command, wrongUsage } from "../command.ts";
import { oneOf } from "../input/option_values.ts";
import { table } from "../output/table.ts";
import { withDatabase } from "../project/database.ts";
import { welcomeAddress } from "../services/page_link.ts";

const TAG = { flags: "--tag <tag>", text: "for DAGs with this tag only (default: all DAGs)" };

const list = command({
  usage: "list",
  summary: "List users and their roles",
  example: "dag users list",
  document: async () => (await import("../documents/access.ts")).users,
  run: async (cli) =>
    withDatabase(cli, async (db) => {
      const { listUsers } = await import("../../store/access/web_user.ts");
      const users = await listUsers(db);
      const rows = users.map(({ name, grants, issuer, hasPassword }) => [
        ...[name, rolesText(grants).join(", ") || "none"],
        issuer ?? (hasPassword ? "password" : "link"),
      ]);
      return {
        json: { users },
        lines:
          users.length === 0
            ? ["There are no users. Add one with: dag users add <name> --role admin"]
            : table(["user", "roles", "logs in by"], rows),
      };
    }),
});

const add = command({
  usage: "add <name>",
  summary: "Add a user, and print a link with which the user sets a password, once",
  options: [
    {
      flags: "--role <role>",
      text: `${ROLES.join(", ")} (default: viewer)`,
      parse: oneOf(...ROLES),
    },
    TAG,
  ],
  example: "dag users add ada --role operator --tag finance",
  document: async () => (await import("../documents/access.ts")).link,
  run: async (
    cli,
    [name]: readonly [string],
    { role = "viewer", tag = null }: { readonly role?: Role; readonly tag?: string | null },
  ) =>
    withDatabase(cli, async (db) => {
      const { addUser } = await import("../../actions/index.ts");
      await addUser(db, { name, grants: [{ role, tag }], actor: cli.config.user });
      return linkOutcome(cli, db, name);
    }),
});

const password = command({
  usage: "password <name>",
  summary: "Print a link with which a user sets a new password, once",
  more: "The link works for 72 hours. When it is used, the sessions of the user end.",
  example: "dag users password ada",
  document: async () => (await import("../documents/access.ts")).link,
  run: async (cli, [name]: readonly [string]) =>
    withDatabase(cli, (db) => linkOutcome(cli, db, name)),
});

async function linkOutcome(cli: Cli, db: Database, name: string) {
  const { makeLoginLink } = await import("../../actions/index.ts");
  const link = welcomeAddress(cli, await makeLoginLink(db, { name, actor: cli.config.user }));
  return { json: { name, link }, lines: [`${name} sets a password here, once: ${link}`] };
}

const role = command({
  usage: "role <name> <role>",
  summary: "Give a user a role, for all DAGs or for a tag; none takes it away",
  options: [TAG],
  example: "dag users role ada editor",
  document: async () => (await import("../documents/access.ts")).roleSet,
  run: async (
    cli,
    [name, text]: readonly [string, string],
    { tag = null }: { readonly tag?: string | null },
  ) => {
    const given = roleOf(text);
    return withDatabase(cli, async (db) => {
      const { setRole } = await import("../../actions/index.ts");
      await setRole(db, { name, role: given, tag, actor: cli.config.user });
      const where = tag === null ? "all DAGs" : `DAGs with the tag ${tag}`;
      return {
        json: { name, role: given, tag },
        lines: [`${name} is ${given ?? "nothing"} for ${where} now.`],
      };
    });
  },
});

function roleOf(text: string): Role | null {
  try {
    const role = oneOf(...ROLES, "none")(text);
    return role === "none" ? null : role;
  } catch (error) {
    return wrongUsage("<role>", (error as Error).message);
  }
}

const remove = command({
  usage: "remove <name>",
  summary: "Remove a user; sessions and tokens of the user end at once",
  example: "dag users remove ada",
  document: async () => (await import("../documents/access.ts")).userRemoved,
  run: async (cli, [name]: readonly [string]) =>
    withDatabase(cli, async (db) => {
      const { removeUser } = await import("../../actions/index.ts");
      await removeUser(db, { name, actor: cli.config.user });
      return { json: { name, removed: true }, lines: [`${name} is removed.`] };
    }),
});

const disable = command({
  usage: "disable <name>",
  summary: "Keep a user out; sessions end at once, and tokens are refused",
  example: "dag users disable ada",
  document: async () => (await import("../documents/access.ts")).userDisabled,
  run: async (cli, [name]: readonly [string]) =>
    withDatabase(cli, async (db) => {
      const { disableUser } = await import("../../actions/index.ts");
      await disableUser(db, { name, actor: cli.config.user });
      return { json: { name, disabled: true }, lines: [`${name} is disabled.`] };
    }),
});

const enable = command({
  usage: "enable <name>",
  summary: "Let a disabled user in again, with the same roles and tokens",
  example: "dag users enable ada",
  document: async () => (await import("../documents/access.ts")).userDisabled,
  run: async (cli, [name]: readonly [string]) =>
    withDatabase(cli, async (db) => {
      const { enableUser } = await import("../../actions/index.ts");
      await enableUser(db, { name, actor: cli.config.user });
      return { json: { name, disabled: false }, lines: [`${name} may log in again.`] };
    }),
});

const logout = command({
  usage: "logout <name>",
  summary: "End all sessions of a user",
  example: "dag users logout ada",
  document: async () => (await import("../documents/access.ts")).loggedOut,
  run: async (cli, [name]: readonly [string]) =>
    withDatabase(cli, async (db) => {
      const { endUserSessions } = await import("../../actions/index.ts");
      const sessions = await endUserSessions(db, { name, actor: cli.config.user });
      const noun = sessions === 1 ? "session" : "sessions";
      return { json: { name, sessions }, lines: [`${sessions} ${noun} of ${name} ended.`] };
    }),
});

export const users = {
  name: "users",
  summary: "Users of the page: list, add, role, password, logout, disable, enable, remove",
  commands: [list, add, role, password, logout, disable, enable, remove],
};
