/** SQL: values of the run become values that the database binds. */
import { type Code, code, NotCarried, templateText } from "../code.ts";
import { textOf, type Value } from "../evaluate/value.ts";
import type { Carry } from "../options/carry.ts";
import { textExpression } from "./field.ts";
import { joined, type Piece, piecesOf } from "./pieces.ts";
import { asText, contextFunction, type RunValue } from "./run_value.ts";

/**
 * One statement, or a list of statements.
 * @throws NotCarried for a file of SQL, and for what only Python knows
 */
export function sqlField(value: Value, carry: Carry): Code {
  const texts = value.kind === "list" ? value.items : [value];
  if (texts.some((text) => /\.sql\s*$/.test(textOf(text) ?? "")))
    throw new NotCarried("the SQL is in a file: import the file as text");
  const statements = texts.flatMap((text) => statementsIn(piecesOf(text, carry)));
  if (statements.length === 0) throw new NotCarried("there is no SQL");
  const written = statements.map(statementText);
  const values = statements.flat().filter((piece) => typeof piece !== "string");
  const [only] = written;
  const text = written.length === 1 && only ? only : `[${written.join(", ")}]`;
  const names = ["sql", ...(/\bidentifier\(/.test(text) ? ["identifier"] : [])];
  return code(values.length === 0 ? text : contextFunction(text, values), ...names);
}

/** Statements between semicolons that stand in no quotes and no comment. */
function statementsIn(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const found: Piece[][] = [[]];
  for (const piece of tokens(pieces))
    if (piece === ";") found.push([]);
    else found.at(-1)?.push(piece);
  return found.filter((statement) =>
    statement.some((one) => typeof one !== "string" || one.trim() !== ""),
  );
}

const TOKEN =
  /'(?:[^']|'')*'|"[^"]*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|;|\uE000\d+\uE000|[^;'"\-/$\uE000]+|[\s\S]/g;

/** A quoted text with values in it is one value, which the database binds. */
function tokens(pieces: readonly Piece[]): readonly Piece[] {
  const values = pieces.filter((piece) => typeof piece !== "string");
  let next = 0;
  const marked = pieces.map((piece) =>
    typeof piece === "string" ? piece : `\uE000${next++}\uE000`,
  );
  return [...marked.join("").matchAll(TOKEN)].flatMap(([token]): readonly Piece[] => {
    if (!token.includes("\uE000")) return [token];
    const inside = split(token, values);
    if (!token.startsWith("'")) return inside;
    const { text, values: used } = textExpression(
      split(token.slice(1, -1).replaceAll("''", "'"), values),
    );
    const isAsync = used.some((one) => one.isAsync);
    return [{ text, type: "text", uses: used.flatMap(({ uses }) => uses), isAsync }];
  });
}

function split(token: string, values: readonly RunValue[]): readonly Piece[] {
  return token.split(/\uE000(\d+)\uE000/).flatMap((part, index): readonly Piece[] => {
    if (index % 2 === 0) return part === "" ? [] : [part];
    const value = values[Number(part)];
    return value ? [value] : [];
  });
}

/** A value where a table is named is an identifier. */
function statementText(pieces: readonly Piece[]): string {
  let before = "";
  const texts = joined(pieces).map((piece) => {
    if (typeof piece !== "string") {
      const isName = /\b(from|into|table|join|update|exists|schema)\s+"?$/i.test(before);
      return isName ? `\${identifier(${asText(piece)})}` : `\${${asText(piece)}}`;
    }
    before += piece;
    return templateText(piece);
  });
  return `sql\`${texts.join("").trim()}\``;
}
