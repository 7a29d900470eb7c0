/** Finds the place of a line by its number, and counts the lines of stored parts. */
import { chunksAfter, LOG_START } from "../../store/reads/log.ts";
import type { WebServices } from "../http/services.ts";
import type { LinePlace } from "./log_lines.ts";
import type { TryId } from "./read_log.ts";

/**
 * Reads the log part by part, so that memory stays flat.
 * @param number from 1
 * @returns null when the log has fewer lines
 */
export async function placeOfLine(
  { reader }: WebServices,
  { instanceId, tryNumber }: TryId,
  number: number,
): Promise<LinePlace | null> {
  for (let [read, before] = [LOG_START, 0]; ; ) {
    const chunks = await chunksAfter(reader, instanceId, tryNumber, read);
    for (const { seq, lines } of chunks) {
      const count = linesIn(lines);
      if (number <= before + count) return { seq, index: number - before - 1 };
      before += count;
      read = seq;
    }
    if (chunks.length === 0) return null;
  }
}

export function linesIn(chunk: string): number {
  let count = chunk === "" || chunk.endsWith("\n") ? 0 : 1;
  for (let at = chunk.indexOf("\n"); at >= 0; at = chunk.indexOf("\n", at + 1)) count += 1;
  return count;
}
