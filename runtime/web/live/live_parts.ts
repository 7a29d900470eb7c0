/**
 * The parts of a rendered page that follow its topic, and the rows in them. A row is an
 * element that a script can find again: it has a key or an id, or is a cell of the grid.
 * Reads HTML of our own renderer only: attributes in double quotes, every tag closed.
 */
import { hash } from "node:crypto";

export interface LivePart {
  readonly tag: string;
  /** As it is written in the HTML. */
  key: string;
  /** Where it begins and ends in the HTML. */
  readonly start: number;
  end: number;
  /** The rows in it that are in no other row. */
  readonly rows: LivePart[];
  /**
   * What the part is of, such as the try of a log, which has a stream of its own: the
   * part changes with it, and not with its content. Undefined: it is its content.
   */
  readonly subject: string | undefined;
  /**
   * Of its place and its content. 48 bits: a page has at most some 10,000 rows, so a
   * changed row has the fingerprint of another one in one of a million pages at most.
   */
  print: number;
}

interface OpenTag {
  readonly tag: string;
  readonly part: LivePart | undefined;
  readonly isInGrid: boolean;
}

const TAG = /<(\/?)([a-z][\w-]*)((?:\s+[^\s=>"/]+(?:="[^"]*")?)*)\s*(\/?)>/gi;

/** The live parts of a page, in their order. */
export function livePartsOf(html: string): readonly LivePart[] {
  const found: LivePart[] = [];
  const open: OpenTag[] = [];
  const around: LivePart[] = [];
  for (const match of html.matchAll(TAG)) {
    const [text, slash, tag = "", attributes = "", isClosed] = match;
    if (slash) {
      const { part } = open.pop() ?? {};
      if (part) end(part, match.index + text.length);
    } else {
      nameCell(open.at(-1)?.part, attributes);
      const isInGrid = (open.at(-1)?.isInGrid ?? false) || / class="grid"/.test(attributes);
      const part = partOf({ tag, attributes, start: match.index, isInGrid }, around.at(-1));
      if (!isClosed) begin({ tag, part, isInGrid });
    }
  }
  return found;

  function begin(tag: OpenTag): void {
    open.push(tag);
    if (!tag.part) return;
    (around.at(-1)?.rows ?? found).push(tag.part);
    around.push(tag.part);
  }

  function end(part: LivePart, at: number): void {
    part.end = at;
    const path = around.map(({ key }) => key).join("\n");
    around.pop();
    if (part.key === "") return void (around.at(-1)?.rows ?? found).pop();
    part.print = printOf(`${path}\0${part.subject ?? html.slice(part.start, at)}`);
  }
}

interface Tag {
  readonly tag: string;
  readonly attributes: string;
  readonly start: number;
  readonly isInGrid: boolean;
}

function partOf(
  { tag, attributes, start, isInGrid }: Tag,
  around: LivePart | undefined,
): LivePart | undefined {
  if (around?.subject !== undefined) return undefined;
  const subject = attribute(attributes, "data-subject");
  const isLive = subject !== undefined || / data-live\b/.test(attributes);
  const key = attribute(attributes, "data-key") ?? attribute(attributes, "id");
  const isRow = key !== undefined || (tag === "td" && isInGrid);
  if (around ? !isRow : !isLive) return undefined;
  return { tag, key: key ?? "", start, end: start, rows: [], subject, print: 0 };
}

/** A cell of the grid has the address of its instance as its key. */
function nameCell(cell: LivePart | undefined, attributesOfChild: string): void {
  if (cell?.key === "") cell.key = attribute(attributesOfChild, "href") ?? "";
}

/** Made once: a large page has some 10,000 tags. */
const ATTRIBUTES = {
  "data-subject": / data-subject="([^"]*)"/,
  "data-key": / data-key="([^"]*)"/,
  id: / id="([^"]*)"/,
  href: / href="([^"]*)"/,
} as const;

function attribute(attributes: string, name: keyof typeof ATTRIBUTES): string | undefined {
  return ATTRIBUTES[name].exec(attributes)?.[1];
}

const printOf = (text: string): number => hash("sha1", text, "buffer").readUIntBE(0, 6);
