/** The program `dag`: all commands, in the order in which `dag --help` lists them. */
import { Command, CommanderError } from "commander";
import { readConfig } from "../config/config.ts";
import { addCommand, EXIT, reportError } from "./command.ts";
import { commands, groups } from "./commands.ts";
import { processTerminal } from "./output/terminal.ts";
import { loadEnvFile } from "./project/env_file.ts";
import { packageVersion } from "./version.ts";

/** Runs one command line and ends the process with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const code = await run(argv);
  process.exit(code);
}

async function run(argv: readonly string[]): Promise<number> {
  const json = argv.includes("--json");
  let terminal = processTerminal(false);
  try {
    loadEnvFile(process.cwd(), argv);
    const config = readConfig();
    terminal = processTerminal(config.colorAllowed);
    const exit = Promise.withResolvers<number>();
    const program = newProgram(json);
    const cli = { config, terminal, folder: process.cwd() };
    for (const spec of commands) addCommand(program, spec, cli, exit.resolve);
    for (const group of groups) {
      const parent = program.command(group.name).description(group.summary);
      for (const spec of group.commands) addCommand(parent, spec, cli, exit.resolve);
    }
    await program.parseAsync([...argv], { from: "user" });
    return await exit.promise;
  } catch (error) {
    return usageOrFailure(error);
  } finally {
    await terminal.flush();
  }

  /** Commander has already printed its message, unless a program reads the output. */
  function usageOrFailure(error: unknown): number {
    if (!(error instanceof CommanderError)) return reportError(terminal, json, error);
    if (error.exitCode === 0) return EXIT.done;
    if (json) reportError(terminal, json, error);
    return EXIT.usage;
  }
}

function newProgram(json: boolean): Command {
  const program = new Command("dag")
    .description("Airflow's semantics for TypeScript: write, test, run and watch DAGs.")
    .version(packageVersion())
    // `--version` after a command is an option of that command.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError("(add --help for its usage)")
    .showSuggestionAfterError()
    .addHelpText("after", "\nExample:\n  $ dag init my-project");
  // Subcommands copy these settings when they are created.
  return json ? program.configureOutput({ writeErr: () => undefined }) : program;
}
