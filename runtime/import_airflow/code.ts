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
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
}

/** A text as a literal. */
export function quoted(text: string): string {
  return jsonLiteral(text);
}

/** A value of JSON as a literal. */
export function jsonLiteral(value: unknown): string {
  return JSON.stringify(value).replace(UNSEEN, escaped);
}

/** Line breaks that a literal may lose, and the marks below: a text may hold them, too. */
const UNSEEN = /[\r\u2028\u2029\uE000\uE001]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The lines of a text. Each of these breaks ends a line comment of TypeScript. */
export function linesOf(text: string): readonly string[] {
  return text.split(/\r\n|[\n\r\u2028\u2029]/);
}

/** A text of the Python file as one comment, which no line break in it ends. */
export function commentLine(text: string): string {
  const [first = "", ...rest] = linesOf(text);
  const line = [first, ...rest.map((one) => one.trim())].join(" ");
  return `// ${line}`.trimEnd().replace(UNSEEN, "\uFFFD");
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
  return text.replace(/\\|`|\$\{/g, (found) => `\\${found}`).replace(UNSEEN, escaped);
}

/** Stands at the start of a line for the indent of the statement. */
export const INDENT = "\uE001";
