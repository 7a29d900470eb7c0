/**
 * Words of a page that do not stand on one line. Runs in the browser, so it uses nothing
 * from outside itself. A word ends at a separator of ids, and before a hump.
 */
export function brokenWords(): readonly string[] {
  const word = /[A-Z]*[a-z0-9]+|[A-Z]+/g;
  const linesOf = (range: Range): number =>
    new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const broken: string[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement?.closest("svg, pre, script, style, .hidden")) continue;
    for (const { index, 0: text } of (node.textContent ?? "").matchAll(word)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + text.length);
      if (linesOf(range) > 1) broken.push(text);
    }
  }
  return broken;
}
