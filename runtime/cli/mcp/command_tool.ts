/**
 * A command as a tool of the Model Context Protocol: the schema of its input from its
 * usage and options, and the arguments of the command from an input.
 */
import { errorMessage } from "../../../sdk/error_message.ts";
import { type AnyCommand, wrongUsage } from "../command.ts";

/**
 * The JSON schema of a tool's input: an object of strings, lists of strings and booleans.
 */
export interface InputSchema {
  readonly type: "object";
  readonly properties: Readonly<Record<string, Property>>;
  readonly required: readonly string[];
  readonly additionalProperties: false;
}

interface Property {
  readonly type: "string" | "boolean" | "array";
  readonly description?: string;
  readonly items?: { readonly type: "string" };
}

type Input = Readonly<Record<string, unknown>>;

/** Options that wait for something: a tool must answer. */
const WAITING = ["--follow", "--wait"];

interface Argument {
  readonly name: string;
  readonly isRequired: boolean;
  readonly isList: boolean;
}

interface Option {
  /** As the tool names it: `max_active_runs` for `--max-active-runs`. */
  readonly name: string;
  /** As the command reads it: `maxActiveRuns`. */
  readonly key: string;
  readonly flag: string;
  readonly isSwitch: boolean;
  readonly text: string;
  readonly parse?: (text: string, before?: never) => unknown;
}

/** The name of the tool: that of the command, with `_` for `-`. */
export function toolName({ usage }: AnyCommand): string {
  return inSnakeCase(usage.split(" ")[0] as string);
}

export function inputSchema(command: AnyCommand): InputSchema {
  const parameters = argumentsOf(command);
  const ofArguments = parameters.map(({ name, isList }): readonly [string, Property] => [
    name,
    isList ? { type: "array", items: { type: "string" } } : { type: "string" },
  ]);
  const ofOptions = optionsOf(command).map(
    ({ name, isSwitch, text }): readonly [string, Property] => [
      name,
      { type: isSwitch ? "boolean" : "string", description: text },
    ],
  );
  return {
    type: "object",
    properties: Object.fromEntries([...ofArguments, ...ofOptions]),
    required: parameters.filter(({ isRequired }) => isRequired).map(({ name }) => name),
    additionalProperties: false,
  };
}

/**
 * What the command gets for an input.
 * @throws DagsmithError INVALID_ARGUMENT naming what is unknown, missing or of a wrong
 *   type
 */
export function commandCall(
  command: AnyCommand,
  given: Input,
): { readonly args: readonly unknown[]; readonly options: Input } {
  refuseUnknown(command, given);
  const input = withoutNulls(given);
  return {
    args: argumentsOf(command).map((argument) => argumentFrom(argument, input)),
    options: Object.fromEntries(
      optionsOf(command)
        .filter(({ name }) => input[name] !== undefined)
        .map((option) => [option.key, optionFrom(option, input[option.name])]),
    ),
  };
}

/** Models write null for a field that they leave out. */
function withoutNulls(input: Input): Input {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
}

function refuseUnknown(command: AnyCommand, input: Input): void {
  const known = Object.keys(inputSchema(command).properties);
  const unknown = Object.keys(input).find((name) => !known.includes(name));
  if (unknown !== undefined)
    wrongUsage(unknown, `it does not exist; allowed: ${known.join(", ") || "none"}`);
}

function argumentFrom({ name, isRequired, isList }: Argument, input: Input): unknown {
  const value = input[name];
  if (value === undefined && !isRequired) return undefined;
  if (isList)
    return Array.isArray(value) ? value.map((one) => textOf(name, one)) : [textOf(name, value)];
  return textOf(name, value);
}

function optionFrom({ name, isSwitch, parse }: Option, value: unknown): unknown {
  if (isSwitch)
    return value === true
      ? true
      : value === false
        ? undefined
        : wrongUsage(name, "it is true or false");
  const text = textOf(name, value);
  try {
    return parse ? parse(text) : text;
  } catch (error) {
    return wrongUsage(name, errorMessage(error));
  }
}

/** Models write numbers where a text is asked for. */
function textOf(name: string, value: unknown): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  return wrongUsage(name, value === undefined ? "it is missing" : "it must be a text");
}

/** `<run>` is required, `[task]` is not, and `<dag...>` is a list. */
function argumentsOf({ usage }: AnyCommand): readonly Argument[] {
  return [...usage.matchAll(/([<[])([\w-]+)(\.\.\.)?[>\]]/g)].map(
    ([, bracket, name, dots]): Argument => ({
      name: inSnakeCase(name as string),
      isRequired: bracket === "<",
      isList: dots !== undefined,
    }),
  );
}

function optionsOf({ options = [] }: AnyCommand): readonly Option[] {
  return options
    .map(({ flags, text, parse }) => {
      const flag = /--[\w-]+/.exec(flags)?.[0] ?? flags;
      const name = inSnakeCase(flag.slice(2));
      const key = flag.slice(2).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
      return { name, key, flag, text, isSwitch: !/[<[]/.test(flags), ...(parse && { parse }) };
    })
    .filter(({ flag }) => !WAITING.includes(flag));
}

function inSnakeCase(name: string): string {
  return name.replaceAll("-", "_");
}
