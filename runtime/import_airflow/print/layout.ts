/** Calls and options on one line, or on several lines when one is too long. */
import { keyOf } from "../code.ts";
import type { Options } from "../options/task_options.ts";

const MAX_COLUMNS = 96;

/** A call; an argument of several lines stands where it is. */
export function callText(head: string, args: readonly string[], indent: number): string {
  const short = `${head}(${args.join(", ")})`;
  const [firstLine = ""] = short.split("\n");
  const onlyLastIsLong = args.slice(0, -1).every((arg) => !arg.includes("\n"));
  if (indent + firstLine.length <= MAX_COLUMNS && (onlyLastIsLong || args.length <= 2))
    return short;
  if (args.some((arg) => arg.includes("`"))) return short;
  const pad = " ".repeat(indent + 2);
  const lines = args.map((arg) => `${pad}${arg.replaceAll("\n", "\n  ")},\n`);
  return `${head}(\n${lines.join("")}${" ".repeat(indent)})`;
}

/**
 * The options as an argument; none when all are missing.
 * @param always whether the argument is written without options, too
 */
export function optionsText(options: Options, indent: number, always = false): readonly string[] {
  const known = Object.entries(options).filter(([, code]) => code !== undefined);
  if (known.length === 0) return always ? ["{}"] : [];
  const fields = known.map(([name, code]) =>
    code?.text === name ? name : `${keyOf(name)}: ${code?.text}`,
  );
  const short = `{ ${fields.join(", ")} }`;
  if (indent + short.length <= MAX_COLUMNS - 20) return [short];
  const pad = " ".repeat(indent + 2);
  return [`{\n${fields.map((field) => `${pad}${field},\n`).join("")}${" ".repeat(indent)}}`];
}
