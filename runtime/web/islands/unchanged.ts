/**
 * An answer to a live page has a mark in place of rows that the page has: the key of the
 * first row, and how many rows it stands for. Copies of those rows take its place.
 */
import { keyOf } from "./morph.ts";

/** @returns false when the page lacks a row; then it must be fetched whole */
export function fillUnchanged(fresh: Element, now: Element): boolean {
  const marks = [...fresh.querySelectorAll<HTMLElement>("[data-same]")];
  const rows = marks.length === 0 ? new Map<string, Element>() : rowsOf(now);
  return marks.every((mark) => fill(mark, rows.get(pathOf(mark, fresh))));
}

function fill(mark: HTMLElement, first: Element | undefined): boolean {
  let row: Element | null | undefined = first;
  for (let count = Number(mark.dataset.same); count > 0; count -= 1) {
    if (!row) return false;
    mark.before(document.importNode(row, true));
    row = row.nextElementSibling;
  }
  mark.remove();
  return true;
}

function rowsOf(root: Element): ReadonlyMap<string, Element> {
  const rows = [...root.querySelectorAll("[data-key], [id], .grid td")];
  return new Map(rows.map((row) => [pathOf(row, root), row]));
}

/** The keys of the rows around it, from the outermost: two lists may have equal keys. */
function pathOf(row: Element, root: Element): string {
  const keys: string[] = [];
  for (let at: Element | null = row; at && at !== root; at = at.parentElement)
    keys.unshift(keyOf(at) ?? "");
  return keys.filter((key) => key !== "").join("\n");
}
