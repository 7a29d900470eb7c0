/** Asks the person at the terminal a question of a task, for `dag test`. */
import { once } from "node:events";
import type { Json } from "../../../sdk/json.ts";
import type { AskedInMemory } from "../../testing/dag_run.ts";
import type { Cli } from "../command.ts";
import { safeText } from "../output/terminal.ts";

/** Undefined without a terminal: then there is no person to ask. */
export function personAt(
  cli: Cli,
): ((asked: AskedInMemory) => Promise<Json | undefined>) | undefined {
  if (cli.json || !cli.terminal.isInteractive || !process.stdin.isTTY) return undefined;
  return async (asked) => {
    const { name, subject, body, problem, options, formSchema } = asked;
    if (problem !== null) cli.say(safeText(problem));
    cli.say(safeText(`${name} asks: ${subject}`));
    if (body !== null && problem === null) cli.say(safeText(body));
    if (formSchema === null) return choose(cli, options);
    const option = options.length === 0 ? undefined : await choose(cli, options);
    if (options.length > 0 && option === undefined) return undefined;
    const form = await readForm(cli, formSchema);
    if (form === undefined) return undefined;
    return option === undefined ? form : { option, form };
  };
}

/** Undefined when the person gives no answer. */
async function choose(cli: Cli, options: readonly string[]): Promise<string | undefined> {
  for (const [index, option] of options.entries()) cli.say(`  ${index + 1}. ${safeText(option)}`);
  for (;;) {
    const line = await readLine(cli, `Number from 1 to ${options.length}:`);
    if (line === "") return undefined;
    const option = options[Number(line) - 1];
    if (option !== undefined) return option;
  }
}

async function readForm(cli: Cli, schema: Json): Promise<Json | undefined> {
  cli.say(`  The form, as JSON: ${safeText(JSON.stringify(schema))}`);
  for (;;) {
    const line = await readLine(cli, "Answer:");
    if (line === "") return undefined;
    try {
      return JSON.parse(line) as Json;
    } catch (error) {
      cli.say(`It is not JSON: ${(error as Error).message}.`);
    }
  }
}

/**
 * The output of `dag test` waits for whole lines, so the prompt is a line of its own. At
 * the end of the input (Ctrl D) the line is empty: a question would wait for ever.
 */
async function readLine(cli: Cli, prompt: string): Promise<string> {
  if (process.stdin.readableEnded) return "";
  cli.say(prompt);
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin });
  const ended = once(lines, "close").then(() => "");
  try {
    return (await Promise.race([lines.question(""), ended])).trim();
  } finally {
    lines.close();
  }
}
