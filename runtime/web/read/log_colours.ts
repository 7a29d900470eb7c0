/**
 * The colours and styles that a program printed, as names of classes. No colour of the
 * program itself is used: the page has a light and a dark scheme.
 */
import { parseAnsiSequences } from "ansi-sequence-parser";

/** A part of a line in one style. */
export interface StyledText {
  readonly text: string;
  /** Classes, such as `ansi-red ansi-bold`; empty for plain text. */
  readonly style: string;
}

const SEQUENCE = "\u001b[";

type Token = ReturnType<typeof parseAnsiSequences>[number];

/** Undefined when the line has no style. */
export function styledTexts(line: string): readonly StyledText[] | undefined {
  if (!line.includes(SEQUENCE)) return undefined;
  const parts = parseAnsiSequences(line).map((token) => ({
    text: token.value,
    style: styleOf(token),
  }));
  return parts.some(({ style }) => style !== "") ? parts : undefined;
}

/** Black and white would vanish on one of the two grounds: they stay plain. */
function styleOf({ foreground, decorations }: Token): string {
  const colour = foreground?.type === "named" ? plainName(foreground.name) : "";
  const names = [colour, decorations.has("bold") && "bold", decorations.has("dim") && "dim"];
  return names
    .filter((name) => name && name !== "black" && name !== "white")
    .map((name) => `ansi-${name}`)
    .join(" ");
}

/** Bright colours are shown as their plain ones. */
function plainName(name: string): string {
  return name.replace(/^bright/, "").toLowerCase();
}
