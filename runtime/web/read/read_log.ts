/**
 * Reads the log of a try as people may see it: part by part, or the two ends of a large
 * one.
 */
import { chunksAfter, chunksBefore, isTryOver, type LogChunk } from "../../store/reads/log.ts";
import type { WebServices } from "../http/services.ts";
import { type LogLine, type NumberedLine, styledLines } from "./log_lines.ts";
import type { Mask } from "./mask.ts";

const HEAD_LINES = 200;
const TAIL_LINES = 2_000;
/** Bounds a page whose lines are long, in characters. */
const MAX_TEXT = 1_000_000;

/** One try of one instance. */
export interface TryId {
  readonly instanceId: number;
  readonly tryNumber: number;
}

/**
 * Whether a try can still write lines. Read it before the lines: when the try had ended
 * by then, the lines are complete.
 * @returns undefined when there is no such try
 */
export function isTryFinished(
  { reader }: WebServices,
  { instanceId, tryNumber }: TryId,
): Promise<boolean | undefined> {
  return isTryOver(reader, instanceId, tryNumber);
}

/** A stored part of a log. */
export interface LogPart<Line> {
  /** Position of the part; the next read continues after it. */
  readonly seq: number;
  readonly lines: readonly Line[];
}

/**
 * The next few parts after a position; none when no more are stored.
 * @param after -1: from the beginning
 * @param linesOf how their lines are shown
 */
export async function readLogParts<Line extends LogLine>(
  { reader, mask }: WebServices,
  { instanceId, tryNumber }: TryId,
  after: number,
  linesOf: (chunk: string, mask: Mask) => readonly Line[],
): Promise<readonly LogPart<Line>[]> {
  const chunks = await chunksAfter(reader, instanceId, tryNumber, after);
  return chunks.map(({ seq, lines }) => ({ seq, lines: linesOf(lines, mask) }));
}

/**
 * The part of a log that a page shows: all of a small log, the first and the last lines
 * of a large one.
 */
export interface LogWindow {
  readonly head: readonly NumberedLine[];
  /** True when lines between head and tail are left out. */
  readonly hasGap: boolean;
  readonly tail: readonly NumberedLine[];
  /** The last part that was read; the live stream continues after it. -1: none. */
  readonly lastSeq: number;
}

export async function readLogWindow(
  { reader, mask }: WebServices,
  { instanceId, tryNumber }: TryId,
): Promise<LogWindow> {
  const linesOf = ({ seq, lines }: LogChunk): readonly NumberedLine[] =>
    styledLines(lines, mask).map((line, index) => ({ ...line, seq, index, number: null }));
  const ahead = (seq: number) => chunksAfter(reader, instanceId, tryNumber, seq);
  const first = await collect(ahead, linesOf, -1, HEAD_LINES + TAIL_LINES);
  const head = numbered(first.parts.flat(), 1);
  if (first.isAll) return { head, hasGap: false, tail: [], lastSeq: first.highest };
  const back = async (seq: number) =>
    (await chunksBefore(reader, instanceId, tryNumber, seq)).filter(
      ({ seq: at }) => at > first.seq,
    );
  const last = await collect(back, linesOf, BEHIND_ALL, TAIL_LINES);
  const tail = last.parts.toReversed().flat();
  return last.isAll
    ? {
        head,
        hasGap: false,
        tail: numbered(tail, head.length + 1),
        lastSeq: Math.max(first.highest, last.highest),
      }
    : {
        head: head.slice(0, HEAD_LINES),
        hasGap: true,
        tail: tail.slice(-TAIL_LINES),
        lastSeq: last.highest,
      };
}

const numbered = (lines: readonly NumberedLine[], from: number): readonly NumberedLine[] =>
  lines.map((line, index) => ({ ...line, number: from + index }));

const BEHIND_ALL = 2_147_483_647;

interface Collected {
  /** Lines by chunk, in the order of reading. */
  readonly parts: (readonly NumberedLine[])[];
  /** The last chunk that was read. */
  seq: number;
  highest: number;
  /** Whether the end was reached. */
  isAll: boolean;
}

/** Reads chunks until there are no more, or enough lines or characters. */
async function collect(
  read: (seq: number) => Promise<readonly LogChunk[]>,
  linesOf: (chunk: LogChunk) => readonly NumberedLine[],
  from: number,
  enough: number,
): Promise<Collected> {
  const found: Collected = { parts: [], seq: from, highest: -1, isAll: false };
  for (let lines = 0, text = 0; lines < enough && text < MAX_TEXT; ) {
    const chunks = await read(found.seq);
    if (chunks.length === 0) return { ...found, isAll: true };
    for (const chunk of chunks) {
      const parsed = linesOf(chunk);
      found.parts.push(parsed);
      found.seq = chunk.seq;
      found.highest = Math.max(found.highest, chunk.seq);
      lines += parsed.length;
      text += chunk.lines.length;
    }
  }
  return found;
}
