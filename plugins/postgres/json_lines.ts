/** Reads JSON lines (one object a line, UTF-8) as rows. Memory holds one chunk and one line. */
import { FailTask, type Json } from "dagsmith";
import { MAX_LINE_BYTES, type SourceRow, type SourceRows } from "./source_row.ts";

/**
 * The rows of JSON lines; blank lines are passed over, keys are folded to lower case.
 * @throws FailTask naming the line that is no JSON object
 * @example loadTable(lake, target, readJsonLines(createReadStream("trips.json")), context)
 */
export async function* readJsonLines(
  source: AsyncIterable<Uint8Array | string>,
): SourceRows & AsyncGenerator<readonly SourceRow[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 0;
  let rest = "";
  for await (const chunk of source) {
    const lines = (rest + decoded(decoder, chunk, line + 1)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE_BYTES)
      throw new FailTask(
        `line ${line + lines.length + 1} is longer than 64 MiB: is this JSON lines?`,
      );
    const start = line + 1;
    line += lines.length;
    yield rowsOf(lines, start);
  }
  yield rowsOf([rest + decoded(decoder, undefined, line + 1)], line + 1);
}

function decoded(
  decoder: TextDecoder,
  chunk: Uint8Array | string | undefined,
  line: number,
): string {
  if (typeof chunk === "string") return chunk;
  try {
    return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
  } catch {
    throw new FailTask(`after line ${line} comes something that is not UTF-8`);
  }
}

function rowsOf(lines: readonly string[], start: number): readonly SourceRow[] {
  return lines.flatMap((text, index) => (text.trim() === "" ? [] : [rowOf(text, start + index)]));
}

function rowOf(text: string, line: number): SourceRow {
  const values = parsed(text, line);
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw new FailTask(
      `line ${line} is ${Array.isArray(values) ? "a list" : JSON.stringify(values)}; each line must be one JSON object`,
    );
  }
  return {
    line,
    values: lowerKeys(values as Readonly<Record<string, Json>>),
    exact: (name) => sourceTexts(text).get(name),
  };
}

function parsed(text: string, line: number): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // The parser's message would quote the data.
    throw new FailTask(`line ${line} is not JSON`);
  }
}

function lowerKeys(values: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  const keys = Object.keys(values);
  if (keys.every((key) => key === key.toLowerCase())) return values;
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key.toLowerCase(), value]),
  );
}

type ParseWithSource = (
  text: string,
  reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;

/** The values of an object as they are written: JSON.parse rounds numbers beyond 2^53, its reviver sees their text. */
function sourceTexts(text: string): ReadonlyMap<string, string> {
  const found: { readonly holder: unknown; readonly key: string; readonly source: string }[] = [];
  const root = (JSON.parse as ParseWithSource)(text, function (key, value, { source }) {
    if (source !== undefined) found.push({ holder: this, key, source });
    return value;
  });
  return new Map(
    found
      .filter(({ holder }) => holder === root)
      .map(({ key, source }) => [key.toLowerCase(), source]),
  );
}
