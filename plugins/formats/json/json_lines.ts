/** Reads JSON lines (one object a line, UTF-8) as rows. */
import type { SourceRows } from "../source_row.ts";
import { rowsFrom } from "./json_rows.ts";
import { tabbedLines } from "./tabbed_lines.ts";

type Bytes = AsyncIterable<Uint8Array | string>;

/**
 * The rows of JSON lines; blank lines are skipped, keys are folded to lower case. Memory
 * holds one chunk and one line.
 * @throws FailTask naming the line that is no JSON object, has a key twice, or is no
 *   UTF-8
 * @example loadTable(lake, target, readJsonLines(createReadStream("trips.json")), log)
 */
export function readJsonLines(source: Bytes): SourceRows {
  return {
    tabbed: (columns) => tabbedLines(source, columns),
    [Symbol.asyncIterator]: () => rowsFrom(source, 1),
  };
}
