/** The lines of a stored chunk of log, as people may see them. */
import { stripVTControlCharacters } from "node:util";
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

/** Lines as a page shows them: a very long line is cut. */
export function logLines(chunk: string, mask: Mask): readonly LogLine[] {
  return wholeLogLines(chunk, mask).map((line) => ({ ...line, text: cut(line.text) }));
}

/**
 * Removes terminal control first, then masks. In the other order a secret with a colour
 * code inside would be shown.
 */
export function wholeLogLines(chunk: string, mask: Mask): readonly LogLine[] {
  const lines = chunk.split("\n").filter((line) => line !== "");
  return lines
    .map(parseLine)
    .map((line) => ({ ...line, text: mask(stripVTControlCharacters(line.text)) }));
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
