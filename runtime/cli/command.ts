/**
 * The shape of a command, and what all commands share: `--json` for programs, lines for
 * people, one way to fail. A command returns its result; this file prints it.
 */
import { type Command, CommanderError, InvalidArgumentError } from "commander";
import type { ZodType } from "zod";
import { errorMessage } from "../../sdk/error_message.ts";
import { DagsmithError, isDagsmithError } from "../../sdk/errors.ts";
import type { Config } from "../config/config.ts";
import { databaseError } from "../store/database/connection_loss.ts";
import type { DocumentOf, LoadSchema } from "./documents/document.ts";
import { safeText, type Terminal } from "./output/terminal.ts";

/** What every command may use. */
export interface Cli {
  readonly config: Config;
  readonly terminal: Terminal;
  /** The folder in which the command was called. */
  readonly folder: string;
  /** Prints a line for people while the command runs; prints nothing with `--json`. */
  readonly say: (line: string) => void;
  /** Whether the result goes to a program. */
  readonly json: boolean;
}

/** How a command ended. */
interface Outcome<Document = unknown> {
  /** The document of `--json`. */
  readonly json: Document;
  /** The lines for people. Default: none besides those already printed. */
  readonly lines?: readonly string[];
  /** The command ran, and its answer is bad: exit code 1. */
  readonly failed?: boolean;
}

/** An option: its flags, its meaning, and how its text is parsed. */
interface OptionSpec {
  readonly flags: string;
  readonly text: string;
  /** @param before the parsed value of the same option, given earlier in the same call */
  readonly parse?: (text: string, before?: never) => unknown;
}

/**
 * One command.
 * @typeParam Args its arguments, in order
 * @typeParam Options its options, by their long names in camel case
 * @typeParam Schema what it prints with `--json`
 */
export interface CommandSpec<
  Args extends readonly (string | readonly string[] | undefined)[] = readonly string[],
  Options = Readonly<Record<string, unknown>>,
  Schema extends ZodType = ZodType,
> {
  /** Name and arguments, such as `trigger <dag>`. */
  readonly usage: string;
  readonly summary: string;
  readonly options?: readonly OptionSpec[];
  readonly example: string;
  /** What a user should know beyond the summary. */
  readonly more?: string;
  /** The schema of the document that it prints with `--json`. */
  readonly document: LoadSchema<Schema>;
  readonly run: (cli: Cli, args: Args, options: Options) => Promise<Outcome<DocumentOf<Schema>>>;
}

/** A command without its own types. */
export interface AnyCommand extends Omit<CommandSpec, "run"> {
  readonly run: (cli: Cli, args: readonly never[], options: never) => Promise<Outcome>;
}

/** Checks the types of a command where it is defined, and then drops them. */
export function command<
  Args extends readonly (string | readonly string[] | undefined)[],
  Options,
  Schema extends ZodType,
>(spec: CommandSpec<Args, Options, Schema>): AnyCommand {
  return spec as unknown as AnyCommand;
}

/** Exit codes: done, failed, wrong usage. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Codes of errors that mean wrong usage. */
const USAGE_ERRORS = ["INVALID_ARGUMENT", "USAGE"];

/** Adds a command to the program. `exit` receives its exit code. */
export function addCommand(
  program: Command,
  spec: AnyCommand,
  cli: Omit<Cli, "say" | "json">,
  exit: (code: number) => void,
): void {
  const added = program
    .command(spec.usage)
    .description(spec.summary)
    .option("--json", "print one JSON document only");
  for (const { flags, text, parse } of spec.options ?? []) {
    if (parse)
      added.option(flags, text, (value: string, before: unknown) => parsed(parse, value, before));
    else added.option(flags, text);
  }
  added.addHelpText(
    "after",
    `\n${spec.more ? `${spec.more}\n\n` : ""}Example:\n  $ ${spec.example}`,
  );
  added.action(async (...received: unknown[]) => {
    const args = received.slice(0, -2) as never[];
    const { json = false, ...options } = received.at(-2) as { json?: boolean };
    exit(
      await runCommand(
        spec,
        { ...cli, json, say: json ? () => undefined : cli.terminal.out },
        args,
        options as never,
      ),
    );
  });
}

async function runCommand(
  spec: AnyCommand,
  cli: Cli,
  args: readonly never[],
  options: never,
): Promise<number> {
  try {
    const outcome = await spec.run(cli, args, options);
    if (cli.json) cli.terminal.out(JSON.stringify(outcome.json));
    else for (const line of outcome.lines ?? []) cli.terminal.out(line);
    return outcome.failed ? EXIT.failed : EXIT.done;
  } catch (error) {
    return reportError(cli.terminal, cli.json, error);
  }
}

/**
 * Reports an error, and returns its exit code: as `{"error": {"code", "message"}}` on
 * stdout for programs, on stderr for people.
 */
export function reportError(terminal: Terminal, json: boolean, error: unknown): number {
  const { code, message } = describeError(error);
  if (json) terminal.out(JSON.stringify({ error: { code, message } }));
  else terminal.note(`${terminal.style.red("error:")} ${safeText(message)}`);
  return USAGE_ERRORS.includes(code) ? EXIT.usage : EXIT.failed;
}

/** An error without a code is a defect, in dagsmith or below: its stack is shown. */
export function describeError(error: unknown): { readonly code: string; readonly message: string } {
  if (isDagsmithError(error)) return error;
  const named = databaseError(error);
  if (named) return named;
  if (error instanceof CommanderError)
    return { code: "USAGE", message: error.message.replace(/^error: /, "") };
  return {
    code: "UNEXPECTED",
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

function parsed(parse: NonNullable<OptionSpec["parse"]>, value: string, before: unknown): unknown {
  try {
    return parse(value, before as never);
  } catch (error) {
    throw new InvalidArgumentError(errorMessage(error));
  }
}

/** @throws DagsmithError INVALID_ARGUMENT */
export function wrongUsage(argument: string, reason: string): never {
  throw new DagsmithError("INVALID_ARGUMENT", { argument, reason });
}
