/** `dag variables`: small settings that tasks read by name. */
import { DagsmithError } from "../../../sdk/errors.ts";
import { variableVariable } from "../../config/environment_secrets.ts";
import { type Cli, command } from "../command.ts";
import { findUses, usedCells } from "../find/secret_uses.ts";
import { secretInput } from "../input/secret_input.ts";
import { table } from "../output/table.ts";
import { timeText } from "../output/words.ts";
import { findDatabaseUrl, withDatabase } from "../project/database.ts";
import { openResolver, openStoredSecrets } from "../project/secrets.ts";

const list = command({
  usage: "list",
  summary: "List variables: where they are set, and which DAGs use them; never their values",
  example: "dag variables list",
  document: async () => (await import("../documents/settings.ts")).variables,
  run: async (cli) => {
    const environment = [...cli.config.secrets.variables.keys()].map((name) => {
      return { key: name.toLowerCase(), source: variableVariable(name), updatedAt: null };
    });
    const useOf = await findUses(cli, "variable", variableVariable);
    const variables = [...environment, ...(await storedVariables(cli))]
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map((variable) => ({ ...variable, ...useOf(variable.key) }));
    const rows = variables.map(({ key, source, updatedAt, ...used }) => [
      ...[key, source, timeText(updatedAt)],
      ...usedCells(used),
    ]);
    return {
      json: { variables },
      lines:
        variables.length === 0
          ? ["There are no variables."]
          : table(["variable", "set in", "changed", "used by", "last used"], rows),
    };
  },
});

async function storedVariables(cli: Cli) {
  if ((await findDatabaseUrl(cli)) === null) return [];
  return withDatabase(cli, async (db) => {
    const { listVariables } = await import("../../store/access/variable.ts");
    return (await listVariables(db)).map((variable) => ({ ...variable, source: "database" }));
  });
}

const set = command({
  usage: "set <key> [value]",
  summary: "Store a variable, encrypted",
  more: "Without the value, or with -, it is read from standard input. Variables whose key looks like a secret's (token, password, key…) are masked in logs.",
  example: "dag variables set region eu-west-1",
  document: async () => (await import("../documents/settings.ts")).variableSet,
  run: async (cli, [key, given]: readonly [string, string | undefined]) => {
    const value = await secretInput("value", given);
    return withDatabase(cli, async (db) => {
      const { setVariable } = await import("../../actions/secrets.ts");
      await setVariable(db, await openStoredSecrets(cli, db), key, value, {
        actor: cli.config.user,
      });
      const shadow =
        cli.config.secrets.variable(key) === null
          ? []
          : [`${variableVariable(key)} is set too, and replaces it.`];
      return { json: { key }, lines: [`Variable ${key} is stored.`, ...shadow] };
    });
  },
});

const get = command({
  usage: "get <key>",
  summary: "Print the value of a variable",
  example: "dag variables get region",
  document: async () => (await import("../documents/settings.ts")).variable,
  run: async (cli, [key]: readonly [string]) => {
    const value = await findVariable(cli, key);
    if (value === null)
      throw new DagsmithError("VARIABLE_NOT_FOUND", { key, variable: variableVariable(key) });
    return { json: { key, value }, lines: [value] };
  },
});

/** With a database, the audit names the person who saw the value. */
async function findVariable(cli: Cli, key: string): Promise<string | null> {
  if ((await findDatabaseUrl(cli)) === null) return (await openResolver(cli, null)).variable(key);
  return withDatabase(cli, async (db) => {
    const { recordReveal } = await import("../../actions/secrets.ts");
    const found = await (await openResolver(cli, db)).variable(key);
    if (found !== null) await recordReveal(db, "variable", key, { actor: cli.config.user });
    return found;
  });
}

const remove = command({
  usage: "delete <key>",
  summary: "Delete a stored variable",
  example: "dag variables delete region",
  document: async () => (await import("../documents/settings.ts")).keyDeleted,
  run: async (cli, [key]: readonly [string]) =>
    withDatabase(cli, async (db) => {
      const { deleteVariable } = await import("../../actions/secrets.ts");
      if (!(await deleteVariable(db, key, { actor: cli.config.user })))
        throw new DagsmithError("VARIABLE_NOT_FOUND", { key, variable: variableVariable(key) });
      return { json: { key, deleted: true }, lines: [`Variable ${key} is deleted.`] };
    }),
});

export const variables = {
  name: "variables",
  summary: "Variables for tasks: list, set, get, delete",
  commands: [list, set, get, remove],
};
