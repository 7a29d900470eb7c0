/** What changed between two texts, line by line, with a few equal lines around. */
import { diffLines } from "diff";

export interface DiffLine {
  /** `gap`: equal lines that are left out. */
  readonly type: "same" | "added" | "removed" | "gap";
  readonly text: string;
  /** Its number in the older and in the newer text; null where it does not exist. */
  readonly before: number | null;
  readonly after: number | null;
}

/** Equal lines shown around a change. */
const AROUND = 3;
/** The comparison of very different long texts ends after this time, in ms. */
const TIMEOUT_MS = 2_000;

/** Empty when the texts are equal; undefined when they differ too much to compare. */
export function lineDiff(before: string, after: string): readonly DiffLine[] | undefined {
  const parts = diffLines(before, after, { timeout: TIMEOUT_MS });
  if (parts === undefined) return undefined;
  return folded(numbered(parts));
}

interface Part {
  readonly value: string;
  readonly added?: boolean;
  readonly removed?: boolean;
}

function numbered(parts: readonly Part[]): readonly DiffLine[] {
  let [before, after] = [0, 0];
  return parts.flatMap(({ value, added = false, removed = false }) =>
    value
      .replace(/\n$/, "")
      .split("\n")
      .map((text) => ({
        type: added ? ("added" as const) : removed ? ("removed" as const) : ("same" as const),
        text,
        before: added ? null : ++before,
        after: removed ? null : ++after,
      })),
  );
}

function folded(lines: readonly DiffLine[]): readonly DiffLine[] {
  const near = new Set<number>();
  for (const [index, { type }] of lines.entries())
    if (type !== "same") for (let at = -AROUND; at <= AROUND; at++) near.add(index + at);
  if (near.size === 0) return [];
  return lines.flatMap((line, index) => {
    if (near.has(index)) return [line];
    const isFirst = index === 0 || near.has(index - 1);
    return isFirst ? [{ type: "gap" as const, text: "", before: null, after: null }] : [];
  });
}
