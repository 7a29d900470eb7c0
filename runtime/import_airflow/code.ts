/** Pieces of TypeScript, with what they import. */
import type { PythonNode } from "./evaluate/python_dag.ts";

/** A name that a file imports. */
interface Import {
  readonly name: string;
  readonly from: string;
}

export interface Code {
  readonly text: string;
  readonly imports: readonly Import[];
}

/** Raised for what has no counterpart; the task becomes one that fails with the reason. */
export class NotCarried extends Error {
  override readonly name = "NotCarried";
}

/**
 * Code of one text, with the names that it uses from `dagsmith` or a plugin of it.
 * @param names a plugin's names are written `process:shell`
 */
export function code(text: string, ...names: readonly string[]): Code {
  return { text, imports: names.map(importOf) };
}

function importOf(written: string): Import {
  const [plugin = "", name] = written.split(":");
  if (name === undefined) return { name: plugin, from: "dagsmith" };
  return {
    name,
    from:
      plugin.includes(".") || plugin === "zod" || plugin.startsWith("node/")
        ? plugin.replace("node/", "node:")
        : `dagsmith/plugins/${plugin}`,
  };
}

/** Codes put together; `make` gets their texts. */
export function combine(parts: readonly Code[], make: (texts: readonly string[]) => string): Code {
  return {
    text: make(parts.map(({ text }) => text)),
    imports: parts.flatMap((one) => one.imports),
  };
}

/** An object literal; fields without code are left out. */
export function objectOf(fields: Readonly<Record<string, Code | undefined>>): Code {
  const known = Object.entries(fields).filter((field): field is [string, Code] => !!field[1]);
  const written = known.map(([name, { text }]) =>
    text === name ? name : `${keyOf(name)}: ${text}`,
  );
  const imports = known.flatMap(([, one]) => one.imports);
  return { text: written.length === 0 ? "{}" : `{ ${written.join(", ")} }`, imports };
}

/** A name as the key of an object literal. */
export function keyOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** A text as a literal. */
export function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

/** A text as a literal; a text of several lines keeps its lines. */
export function textLiteral(text: string): string {
  return text.includes("\n") ? `\`${templateText(text)}\`` : quoted(text);
}

/** Stands for the reference to a task or a group until the file is written. */
export function referenceTo({ fullId }: PythonNode): string {
  return `\uE000${fullId}\uE000`;
}

/** Puts the references of a file in. */
export function withReferences(text: string, reference: (fullId: string) => string): string {
  return text.replace(/\uE000([^\uE000]*)\uE000/g, (_, fullId: string) => reference(fullId));
}

/** Text within a template literal. */
export function templateText(text: string): string {
  return text.replace(/\\|`|\$\{/g, (found) => `\\${found}`);
}

/** Stands at the start of a line for the indent of the statement. */
export const INDENT = "\uE001";
