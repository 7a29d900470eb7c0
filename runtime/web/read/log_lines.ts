/** The lines of a stored chunk of log, as people may see them. */
import { stripVTControlCharacters } from "node:util";
import { type StyledText, styledTexts } from "./log_colours.ts";
import type { Mask } from "./mask.ts";

/** Characters of one line that a page shows. */
const MAX_LINE = 4_000;

export interface LogLine {
  /** ISO 8601; empty when the line has no time. */
  readonly time: string;
  readonly level: string;
  readonly source: string;
  readonly text: string;
}

/** A line of a log: its stored part, and its position there. */
export interface LinePlace {
  readonly seq: number;
  readonly index: number;
}

/** A line with its place in the log. */
export interface NumberedLine extends StyledLine, LinePlace {
  /** From 1; null when the lines before were not counted. */
  readonly number: number | null;
}

/** A line with the styles that its program printed. */
export interface StyledLine extends LogLine {
  /** Missing when the line is plain. */
  readonly styled?: readonly StyledText[];
}

/** The same lines with their styles. A line with a masked secret is plain. */
export function styledLines(chunk: string, mask: Mask): readonly StyledLine[] {
  return storedLines(chunk).map((stored) => {
    const line = shown(stored, mask);
    const styled = styledTexts(stored.text);
    const isSame = styled?.map(({ text }) => text).join("") === line.text;
    const short = { ...line, text: cut(line.text) };
    return styled && isSame && short.text === line.text ? { ...short, styled } : short;
  });
}

/** Lines as a page shows them: a very long line is cut. */
export function logLines(chunk: string, mask: Mask): readonly LogLine[] {
  return wholeLogLines(chunk, mask).map((line) => ({ ...line, text: cut(line.text) }));
}

export function wholeLogLines(chunk: string, mask: Mask): readonly LogLine[] {
  return storedLines(chunk).map((line) => shown(line, mask));
}

/**
 * Removes terminal control first, then masks. In the other order a secret with a colour
 * code inside would be shown.
 */
function shown(line: LogLine, mask: Mask): LogLine {
  return { ...line, text: mask(stripVTControlCharacters(line.text)) };
}

function storedLines(chunk: string): readonly LogLine[] {
  return chunk
    .split("\n")
    .filter((line) => line !== "")
    .map(parseLine);
}

/** A line that is not JSON is shown as it is: a log must never hide its content. */
function parseLine(line: string): LogLine {
  try {
    const { time, level, source, text } = JSON.parse(line) as Record<string, unknown>;
    return {
      time: String(time ?? ""),
      level: String(level ?? "info"),
      source: String(source ?? ""),
      text: String(text ?? ""),
    };
  } catch {
    return { time: "", level: "info", source: "", text: line };
  }
}

function cut(text: string): string {
  if (text.length <= MAX_LINE) return text;
  return `${text.slice(0, MAX_LINE)}… (${text.length - MAX_LINE} more characters; download to see them)`;
}
