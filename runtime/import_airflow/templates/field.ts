/** Fields of operators: fixed values, or functions of the context. */
import { type Code, code, keyOf, quoted, templateText } from "../code.ts";
import type { Value } from "../evaluate/value.ts";
import type { Carry } from "../options/carry.ts";
import { type Piece, piecesOf } from "./pieces.ts";
import { asText, contextFunction, type RunValue } from "./run_value.ts";

/** A text, fixed or of the run. */
export function textField(value: Value, carry: Carry): Code {
  const { text, values } = textExpression(piecesOf(value, carry));
  return field(text, values);
}

/** Any JSON value, with values of the run within it. */
export function jsonField(value: Value, carry: Carry): Code {
  const { text, values } = jsonExpression(value, carry);
  const body = values.length > 0 && text.startsWith("{") ? `(${text})` : text;
  return field(body, values);
}

/** A text, or a list or an object of texts: what is known only in a run becomes text. */
export function textsField(value: Value, carry: Carry): Code {
  const { text, values } = textsExpression(value, carry);
  return field(values.length > 0 && text.startsWith("{") ? `(${text})` : text, values);
}

/** Values as texts, as an expression over the context. */
export function textsExpression(value: Value, carry: Carry): Written {
  return expression(value, carry, (pieces) => textExpression(pieces));
}

function field(text: string, values: readonly RunValue[]): Code {
  return code(values.length === 0 ? text : contextFunction(text, values));
}

interface Written {
  readonly text: string;
  readonly values: readonly RunValue[];
}

/** Pieces as one text: a literal, or a template literal. */
export function textExpression(pieces: readonly Piece[]): Written {
  const values = pieces.filter((piece) => typeof piece !== "string");
  const [only] = values;
  if (!only) return { text: quoted(pieces.join("")), values };
  if (pieces.length === 1) return { text: asText(only), values };
  const parts = pieces.map((piece) =>
    typeof piece === "string"
      ? templateText(piece)
      : `\${${piece.type === "date" ? asText(piece) : piece.text}}`,
  );
  return { text: `\`${parts.join("")}\``, values };
}

/** A value as an expression over the context. */
function jsonExpression(value: Value, carry: Carry): Written {
  return expression(value, carry, (pieces) => {
    const [only] = pieces;
    // A value alone keeps its type.
    if (pieces.length === 1 && only && typeof only !== "string" && only.type !== "date")
      return { text: only.text, values: [only] };
    return textExpression(pieces);
  });
}

function expression(
  value: Value,
  carry: Carry,
  write: (pieces: readonly Piece[]) => Written,
): Written {
  const inner = (item: Value): Written => expression(item, carry, write);
  if (value.kind === "list") return all(value.items.map(inner), (texts) => `[${texts.join(", ")}]`);
  if (value.kind === "dict") {
    const keys = [...value.entries.keys()];
    return all([...value.entries.values()].map(inner), (texts) => objectText(keys, texts));
  }
  if (value.kind === "plain" && typeof value.value !== "string")
    return { text: String(value.value), values: [] };
  return write(piecesOf(value, carry));
}

function objectText(keys: readonly string[], texts: readonly string[]): string {
  const fields = keys.map((key, index) => `${keyOf(key)}: ${texts[index]}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

function all(parts: readonly Written[], make: (texts: readonly string[]) => string): Written {
  return {
    text: make(parts.map(({ text }) => text)),
    values: parts.flatMap((part) => part.values),
  };
}
