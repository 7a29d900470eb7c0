/** Checks what commands print with `--json` against the schemas of `dag schema`. */
import { z } from "zod";
import type { NamedCommand } from "../../runtime/cli/commands/schema.ts";
import { allCommands } from "../../runtime/cli/commands.ts";

const ERROR = z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string() }) });

/** The schema as other programs get it: it refuses fields that it does not name. */
export async function printedSchema({ command }: NamedCommand): Promise<z.ZodType> {
  return z.fromJSONSchema(z.toJSONSchema(await command.document()) as never);
}

/**
 * The errors of a document that was printed by the command of a command line. An error of
 * the command fits always.
 */
export async function misfits(args: readonly string[], document: unknown): Promise<string> {
  if (ERROR.safeParse(document).success) return "";
  const found = allCommands()
    .filter(({ name }) => `${args.join(" ")} `.startsWith(`${name} `))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
  if (!found) return "";
  const { error } = (await printedSchema(found)).safeParse(document);
  return error ? z.prettifyError(error) : "";
}
