/** `dag schema`: the JSON Schema of what a command prints with `--json`. */
import { type AnyCommand, command, wrongUsage } from "../command.ts";
import { hint } from "../find/nearest.ts";
import { table } from "../output/table.ts";

/** A command by all its words, such as `connections list`. */
export interface NamedCommand {
  readonly name: string;
  readonly command: AnyCommand;
}

const DRAFT = "https://json-schema.org/draft/2020-12/schema";

/** @param all every command; asked only when it runs, because this one is among them */
export function schemaOf(all: () => readonly NamedCommand[]): AnyCommand {
  return command({
    usage: "schema [command...]",
    summary: "Print the JSON Schema of what a command prints with --json",
    more: 'Without a command it lists all. An error is another document: {"error": {"code", "message"}}.',
    document: async () => (await import("../documents/project.ts")).schema,
    example: "dag schema connections list",
    run: async (_cli, [words = []]: readonly [readonly string[] | undefined]) => {
      if (words.length === 0) return listed(all());
      const found = all().find(({ name }) => name === words.join(" "));
      if (!found) return unknown(words.join(" "), all());
      const { z } = await import("zod");
      const json = { ...z.toJSONSchema(await found.command.document()), $schema: DRAFT };
      return { json, lines: [JSON.stringify(json, null, 2)] };
    },
  });
}

function listed(all: readonly NamedCommand[]) {
  const commands = all.map(({ name, command: { summary } }) => ({ command: name, summary }));
  const rows = commands.map(({ command: name, summary }) => [name, summary]);
  return { json: { commands }, lines: table(["command", "summary"], rows) };
}

function unknown(name: string, all: readonly NamedCommand[]): never {
  const names = all.map((one) => one.name);
  return wrongUsage("command", `there is no ${name}. ${hint(name, names)}`);
}
