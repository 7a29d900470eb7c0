/** Finds the next line of the level error in the log of a try. */
import { chunksAfter } from "../../store/reads/log.ts";
import type { WebServices } from "../http/services.ts";
import { type LinePlace, logLines } from "./log_lines.ts";
import type { TryId } from "./read_log.ts";

/**
 * Reads the log part by part, so that memory stays flat.
 * @param after null: from the first line
 * @returns null when no error follows
 */
export async function nextError(
  { reader, mask }: WebServices,
  { instanceId, tryNumber }: TryId,
  after: LinePlace | null,
): Promise<LinePlace | null> {
  for (let read = (after?.seq ?? 0) - 1; ; ) {
    const chunks = await chunksAfter(reader, instanceId, tryNumber, read);
    for (const { seq, lines } of chunks) {
      const first = seq === after?.seq ? after.index + 1 : 0;
      const index = mayHoldError(lines) ? errorIn(logLines(lines, mask), first) : -1;
      if (index >= 0) return { seq, index };
      read = seq;
    }
    if (chunks.length === 0) return null;
  }
}

/** Parsing is slow: a part without the word is not parsed. */
function mayHoldError(lines: string): boolean {
  return lines.includes('"error"');
}

function errorIn(lines: readonly { readonly level: string }[], first: number): number {
  return lines.findIndex(({ level }, index) => index >= first && level === "error");
}
