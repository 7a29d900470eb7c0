/** What a page shows of a log: all of a small one; of a huge one its first and last lines, read from both ends. */
import { stripVTControlCharacters } from "node:util";
import type { Queryable } from "../../store/database/database.ts";
import { chunksAfter, chunksBefore, type LogChunk } from "../../store/reads/log.ts";

const HEAD_LINES = 200;
const TAIL_LINES = 2_000;
/** Bounds a page whose lines are long, in characters. */
const MAX_TEXT = 1_000_000;
/** Characters of one line that a page shows. */
const MAX_LINE = 4_000;

export interface LogLine {
  /** ISO 8601; empty when the line does not say. */
  readonly time: string;
  readonly level: string;
  readonly source: string;
  readonly text: string;
}

export interface LogWindow {
  readonly head: readonly LogLine[];
  /** True when lines between head and tail are left out. */
  readonly hasGap: boolean;
  readonly tail: readonly LogLine[];
  /** The last chunk that was read; the live stream goes on behind it. -1: none. */
  readonly lastSeq: number;
}

/** The window on one try's log. */
export async function readLogWindow(
  db: Queryable,
  instanceId: number,
  tryNumber: number,
  mask: (text: string) => string,
): Promise<LogWindow> {
  const first = await collect(
    (seq) => chunksAfter(db, instanceId, tryNumber, seq),
    -1,
    HEAD_LINES + TAIL_LINES,
    mask,
  );
  if (first.isAll)
    return { head: first.chunks.flat(), hasGap: false, tail: [], lastSeq: first.highest };
  const last = await collect(
    async (seq) =>
      (await chunksBefore(db, instanceId, tryNumber, seq)).filter((chunk) => chunk.seq > first.seq),
    AFTER_ALL,
    TAIL_LINES,
    mask,
  );
  const tail = last.chunks.toReversed().flat();
  if (last.isAll)
    return {
      head: first.chunks.flat(),
      hasGap: false,
      tail,
      lastSeq: Math.max(first.highest, last.highest),
    };
  return {
    head: first.chunks.flat().slice(0, HEAD_LINES),
    hasGap: true,
    tail: tail.slice(-TAIL_LINES),
    lastSeq: last.highest,
  };
}

const AFTER_ALL = 2_147_483_647;

interface Collected {
  /** Lines by chunk, in the order of reading. */
  readonly chunks: LogLine[][];
  /** The last chunk read. */
  seq: number;
  highest: number;
  /** Whether the end was reached. */
  isAll: boolean;
}

async function collect(
  read: (seq: number) => Promise<readonly LogChunk[]>,
  from: number,
  enough: number,
  mask: (text: string) => string,
): Promise<Collected> {
  const found: Collected = { chunks: [], seq: from, highest: -1, isAll: false };
  for (let lines = 0, text = 0; lines < enough && text < MAX_TEXT; ) {
    const chunks = await read(found.seq);
    if (chunks.length === 0) return { ...found, isAll: true };
    for (const chunk of chunks) {
      const parsed = parseLines(chunk.lines, mask);
      found.chunks.push(parsed);
      found.seq = chunk.seq;
      found.highest = Math.max(found.highest, chunk.seq);
      lines += parsed.length;
      text += chunk.lines.length;
    }
  }
  return found;
}

/** Lines as a page shows them: endless ones are cut. */
export function parseLines(chunk: string, mask: (text: string) => string): LogLine[] {
  return wholeLines(chunk, mask).map((line) => ({ ...line, text: cut(line.text) }));
}

/** Lines without terminal control, then masked: in the other order a secret with a colour code in its middle would show. */
export function wholeLines(chunk: string, mask: (text: string) => string): LogLine[] {
  const lines = chunk.split("\n").filter((line) => line !== "");
  return lines
    .map(parseLine)
    .map((line) => ({ ...line, text: mask(stripVTControlCharacters(line.text)) }));
}

/** A line that is no JSON is shown as it is: a log must never hide what was written to it. */
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
