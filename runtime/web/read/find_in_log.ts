/**
 * Finds lines in the whole log of a try, and the lines around one of them. A search reads
 * a bounded part of the log; the next search continues after it.
 */
import { chunksAfter, chunksBefore } from "../../store/reads/log.ts";
import type { WebServices } from "../http/services.ts";
import { type LinePlace, type LogLine, logLines } from "./log_lines.ts";
import { linesIn } from "./place_of_line.ts";
import type { TryId } from "./read_log.ts";

export interface LogSearch {
  /** A part of the line, in any case; empty: every line. */
  readonly text: string;
  /** Empty: every level. */
  readonly levels: readonly string[];
  /** The search begins after this stored part, which ends with line `lines`. */
  readonly from: { readonly seq: number; readonly lines: number };
}

/** A line with its place: the stored part, and its position there. */
export interface PlacedLine extends LogLine, LinePlace {
  /** From 1; null when the lines before were not counted. */
  readonly number: number | null;
}

export interface FoundInLog {
  /** The first matches. */
  readonly lines: readonly PlacedLine[];
  readonly matches: number;
  /** Lines that were searched. */
  readonly searched: number;
  /** Where the next search begins; null when the log was searched to its end. */
  readonly next: LogSearch["from"] | null;
}

/** Characters that one request searches. */
const MAX_SEARCHED = 64_000_000;
/** Matches that one request shows. */
const MAX_SHOWN = 500;

export async function findInLog(
  services: WebServices,
  { instanceId, tryNumber }: TryId,
  search: LogSearch,
): Promise<FoundInLog> {
  const lines: PlacedLine[] = [];
  let [matches, count, read] = [0, search.from.lines, 0];
  for (let at = search.from.seq; ; ) {
    const chunks = await chunksAfter(services.reader, instanceId, tryNumber, at);
    for (const chunk of chunks) {
      const found = matchesIn(services, chunk, search, count);
      matches += found.length;
      lines.push(...found.slice(0, MAX_SHOWN - lines.length));
      count += linesIn(chunk.lines);
      read += chunk.lines.length;
      at = chunk.seq;
    }
    const searched = count - search.from.lines;
    if (chunks.length === 0) return { lines, matches, searched, next: null };
    if (read >= MAX_SEARCHED) return { lines, matches, searched, next: { seq: at, lines: count } };
  }
}

type Chunk = { readonly seq: number; readonly lines: string };

function matchesIn(
  { mask }: WebServices,
  { seq, lines }: Chunk,
  { text, levels }: LogSearch,
  before: number,
): readonly PlacedLine[] {
  const wanted = text.toLowerCase();
  if (!mayHold(lines, wanted)) return [];
  return logLines(lines, mask)
    .map((line, index) => ({ ...line, seq, index, number: before + index + 1 }))
    .filter((line) => levels.length === 0 || levels.includes(line.level))
    .filter((line) => line.text.toLowerCase().includes(wanted));
}

/**
 * Parsing is slow: a part without the text is not parsed, unless colours may split it.
 */
function mayHold(chunk: string, wanted: string): boolean {
  const isPlain = /^[\w .:/@=-]*$/.test(wanted);
  return !isPlain || chunk.includes("\\u001b") || chunk.toLowerCase().includes(wanted);
}

/** Lines that are shown before and after the one that was asked for. */
const AROUND = 100;

/** The lines around a place; none when nothing is stored there. */
export async function linesAround(
  { reader, mask }: WebServices,
  { instanceId, tryNumber }: TryId,
  seq: number,
  index: number,
): Promise<readonly PlacedLine[]> {
  const [before, after] = await Promise.all([
    chunksBefore(reader, instanceId, tryNumber, seq),
    chunksAfter(reader, instanceId, tryNumber, seq - 1),
  ]);
  const placed = [...before.toReversed(), ...after].flatMap((chunk) =>
    logLines(chunk.lines, mask).map((line, at) => ({
      ...line,
      seq: chunk.seq,
      index: at,
      number: null,
    })),
  );
  const here = placed.findIndex((line) => line.seq === seq && line.index === index);
  return here < 0 ? [] : placed.slice(Math.max(0, here - AROUND), here + AROUND + 1);
}
