/**
 * Which rows the pages of readers have, so that a change sends only other rows. A page
 * that is not known here is sent whole: after a restart, or from another web server.
 */
import type { LivePart } from "./live_parts.ts";

/** The fingerprint of each row, and that of the row that follows it at once, or 0. */
export type KnownRows = ReadonlyMap<number, number>;

/** Most fingerprints of all pages together: 16 MB. */
const MOST_PRINTS = 2_000_000;

/** What a page costs beyond its fingerprints, so that pages without rows end, too. */
const PAGE_PRINTS = 50;

export class SentPages {
  /** By the ETag of the page. Oldest first. Rows that follow each other; 0 ends them. */
  readonly #pages = new Map<string, Float64Array>();
  readonly #most: number;
  #count = 0;

  constructor(most = MOST_PRINTS) {
    this.#most = most;
  }

  add(etag: string, parts: readonly LivePart[]): void {
    const prints = Float64Array.from(printsOf(parts));
    this.#forget(etag);
    this.#pages.set(etag, prints);
    this.#count += PAGE_PRINTS + prints.length;
    for (const [oldest] of this.#pages) {
      if (this.#count <= this.#most) return;
      this.#forget(oldest);
    }
  }

  /** @returns undefined for a page that is not known, or no longer */
  rows(etag: string): KnownRows | undefined {
    const prints = this.#pages.get(etag);
    if (!prints) return undefined;
    const rows = [...prints].map((print, index): [number, number] => [
      print,
      prints[index + 1] ?? 0,
    ]);
    return new Map(rows.filter(([print]) => print !== 0));
  }

  #forget(etag: string): void {
    const prints = this.#pages.get(etag);
    if (!prints) return;
    this.#count -= PAGE_PRINTS + prints.length;
    this.#pages.delete(etag);
  }
}

function printsOf(parts: readonly LivePart[]): readonly number[] {
  return [
    ...parts.flatMap(({ print, end }, index) =>
      parts[index + 1]?.start === end ? [print] : [print, 0],
    ),
    ...parts.flatMap(({ rows }) => printsOf(rows)),
  ];
}
