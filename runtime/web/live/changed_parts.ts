/**
 * What a page that a reader has lacks: the live parts that changed. In them, a mark
 * stands for each row that the reader has, or for several rows that follow each other.
 */
import type { LivePart } from "./live_parts.ts";
import type { KnownRows } from "./sent_pages.ts";

/** @param parts those of `html` */
export function changedParts(html: string, parts: readonly LivePart[], known: KnownRows): string {
  const changed = parts.filter(({ print }) => !known.has(print));
  return changed.map((part) => shortened(html, part, known)).join("");
}

/** The part with marks in place of the rows that are known. */
function shortened(html: string, { start, end, rows }: LivePart, known: KnownRows): string {
  const pieces: string[] = [];
  let at = start;
  for (let index = 0; index < rows.length; ) {
    const row = rows[index] as LivePart;
    const count = known.has(row.print) ? knownInOrder(rows, index, known) : 0;
    pieces.push(
      html.slice(at, row.start),
      count > 0 ? mark(row, count) : shortened(html, row, known),
    );
    index += Math.max(1, count);
    at = rows[index - 1]?.end ?? end;
  }
  return pieces.join("") + html.slice(at, end);
}

/** How many rows from `index` on follow each other, here and on the page of the reader. */
function knownInOrder(rows: readonly LivePart[], index: number, known: KnownRows): number {
  let last = index;
  while (follows(rows[last], rows[last + 1], known)) last += 1;
  return last - index + 1;
}

function follows(one: LivePart | undefined, next: LivePart | undefined, known: KnownRows): boolean {
  return next !== undefined && one?.end === next.start && known.get(one.print) === next.print;
}

const mark = ({ tag, key }: LivePart, count: number): string =>
  `<${tag} data-key="${key}" data-same="${count}"></${tag}>`;
