/** `dag connections types` and `dag connections test`. */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { DescribedType } from "../../connections/connection_types.ts";
import { fieldsOf } from "../../connections/fields.ts";
import { type Cli, command } from "../command.ts";
import { table } from "../output/table.ts";
import { safeText } from "../output/terminal.ts";
import { openConnectionTypes } from "../project/connection_types.ts";
import { findDatabaseUrl, withDatabase } from "../project/database.ts";
import { openResolver } from "../project/secrets.ts";

export const types = command({
  usage: "types [type]",
  summary: "List the types of connections, or the fields of one type",
  more: "Packages of your own that export connectionTypes are named in DAG_CONNECTION_TYPES.",
  example: "dag connections types postgres",
  document: async () => (await import("../documents/settings.ts")).connectionTypes,
  run: async (cli, [name]: readonly [string | undefined]) => {
    const { types: all, problems } = await (await openConnectionTypes(cli)).list();
    if (name !== undefined) return oneType(all, name);
    const rows = all.map(({ ids, title, package: from }) => [
      ...[ids.join(", "), title, from ?? "dagsmith"],
    ]);
    return {
      json: { types: all, problems },
      lines: [...table(["type", "system", "package"], rows), ...problems.map(safeText)],
      failed: problems.length > 0,
    };
  },
});

function oneType(all: readonly DescribedType[], name: string) {
  const type = all.find(({ ids }) => ids.includes(name));
  if (!type) {
    const known = all.flatMap(({ ids }) => ids).join(", ");
    throw new DagsmithError("UNKNOWN_CONNECTION_TYPE", { type: name, known });
  }
  const rows = fieldsOf(type).map((field) => [
    ...[field.name, field.isSecret ? "secret" : "", field.kind],
    ...[field.isRequired ? "required" : field.standard],
    [field.title, field.help].filter((text) => text !== "").join(". "),
  ]);
  return {
    json: type,
    lines: [
      ...[type.title, type.description].filter((line) => line !== ""),
      `For example ${type.example}`,
      ...table(["field", "", "kind", "default", "meaning"], rows),
    ],
  };
}

export const testConnection = command({
  usage: "test <id>",
  summary: "Ask the system of a connection whether it answers and takes the login",
  more: "The exit code is 1 when it does not. The test runs on this machine, for at most 15 seconds, and changes nothing there.",
  example: "dag connections test warehouse",
  document: async () => (await import("../documents/settings.ts")).connectionTested,
  run: async (cli, [id]: readonly [string]) => {
    const { ok, line } = await tried(cli, id);
    return {
      json: { id, ok, line },
      lines: [`${ok ? "ok" : "failed"}: ${safeText(line)}`],
      failed: !ok,
    };
  },
});

/** The audit names the person, because the test uses the secrets of the connection. */
async function tried(cli: Cli, id: string) {
  const types = await openConnectionTypes(cli);
  if ((await findDatabaseUrl(cli)) === null) {
    const secrets = await openResolver(cli, null);
    const { testConnection: run } = await import("../../connections/test_connection.ts");
    return run(types, secrets, id);
  }
  return withDatabase(cli, async (db) => {
    const { testConnection: run } = await import("../../actions/secrets.ts");
    const secrets = await openResolver(cli, db);
    return run(db, { types, secrets, id, actor: cli.config.user });
  });
}
