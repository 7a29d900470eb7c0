/**
 * Turns a part of the page into its fresh form and touches only what differs. Selected
 * text, focus, scrolled boxes, opened details and half-written fields stay as they are.
 */

/** Attributes that the reader changes, not the server. */
const OWN = new Set([
  ...["open", "data-utc", "data-selected", "data-finding", "data-found", "data-shown"],
  // The server sets no styles: its policy forbids them.
  "style",
]);

export function morph(now: Element, fresh: Element): void {
  if (now.isEqualNode(fresh)) return;
  syncAttributes(now, fresh);
  if (isKept(now, fresh)) return;
  syncChildren(now, fresh);
}

/**
 * A time in the zone of the page, and a count that runs, have the text that scripts gave.
 */
function isKept(now: Element, fresh: Element): boolean {
  if (now.hasAttribute("data-since")) return fresh.hasAttribute("data-since");
  return now.tagName === "TIME" && now.getAttribute("data-utc") === fresh.textContent;
}

function syncAttributes(now: Element, fresh: Element): void {
  for (const { name, value } of [...fresh.attributes])
    if (!OWN.has(name) && now.getAttribute(name) !== value) now.setAttribute(name, value);
  for (const { name } of [...now.attributes])
    if (!OWN.has(name) && !fresh.hasAttribute(name)) now.removeAttribute(name);
}

function syncChildren(now: Element, fresh: Element): void {
  const known = new Map([...now.children].flatMap((child) => keyed(child)));
  let at: ChildNode | null = now.firstChild;
  for (const next of [...fresh.childNodes]) {
    const same: ChildNode | undefined = matching(at, next, known);
    if (same === undefined) {
      now.insertBefore(next, at);
      continue;
    }
    if (same !== at) now.insertBefore(same, at);
    else at = at.nextSibling;
    sync(same, next);
  }
  while (at) {
    const gone: ChildNode = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function sync(now: ChildNode, next: ChildNode): void {
  if (now instanceof Element && next instanceof Element) morph(now, next);
  else if (now.nodeValue !== next.nodeValue) now.nodeValue = next.nodeValue;
}

/** The node that becomes `next`: the one of its key, else the one at its place. */
function matching(
  at: ChildNode | null,
  next: ChildNode,
  known: ReadonlyMap<string, Element>,
): ChildNode | undefined {
  const key = next instanceof Element ? keyOf(next) : undefined;
  if (key !== undefined) {
    const same = known.get(key);
    return same?.tagName === (next as Element).tagName ? same : undefined;
  }
  if (!at || at.nodeName !== next.nodeName) return undefined;
  return at instanceof Element && keyOf(at) !== undefined ? undefined : at;
}

export const keyOf = (element: Element): string | undefined =>
  element.getAttribute("data-key") ?? (element.id || cellKey(element));

/** A cell of the grid is that of its instance, also when a new run moves it. */
function cellKey(cell: Element): string | undefined {
  if (cell.tagName !== "TD" || !cell.closest(".grid")) return undefined;
  return cell.firstElementChild?.getAttribute("href") ?? undefined;
}

function keyed(element: Element): [string, Element][] {
  const key = keyOf(element);
  return key === undefined ? [] : [[key, element]];
}
