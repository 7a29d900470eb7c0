/** The rows of JSON lines, from any line on. */
import { FailTask } from "dagsmith";
import { Decoder } from "../bytes/encoding.ts";
import { MAX_LINE_BYTES, type SourceRow } from "../source_row.ts";
import { jsonRows } from "./json_row.ts";

type Bytes = AsyncIterable<Uint8Array | string>;

/** @param start the line where the source begins */
export async function* rowsFrom(
  source: Bytes,
  start: number,
): AsyncGenerator<readonly SourceRow[]> {
  const decoder = new Decoder("utf-8", "", start === 1);
  let line = start;
  let rest: string[] = [];
  for await (const chunk of source) {
    const lines = decoder.text(chunk, () => line).split("\n");
    rest.push(lines[0] ?? "");
    if (lines.length === 1) {
      refuseLongLine(rest, line);
      continue;
    }
    lines[0] = rest.join("");
    rest = [lines.pop() ?? ""];
    yield jsonRows(lines, line);
    line += lines.length;
  }
  yield jsonRows([rest.join("") + decoder.text(undefined, () => line)], line);
}

function refuseLongLine(parts: readonly string[], line: number): void {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length > MAX_LINE_BYTES)
    throw new FailTask(`line ${line} is longer than 64 MiB: is this JSON lines?`);
}
