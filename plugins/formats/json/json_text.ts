/**
 * Parts of a JSON text as they are written. JSON.parse rounds numbers and keeps the last
 * of two equal keys; a load must do neither. The texts are known to be valid JSON. Pure.
 */

/** The members of an object: each key, and the text of its value. */
export function membersOf(text: string): [key: string, value: string][] {
  const members: [string, string][] = [];
  let at = skipSpace(text, text.indexOf("{") + 1);
  while (text[at] === '"') {
    const keyEnd = endOfText(text, at);
    const value = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = endOfValue(text, value);
    members.push([JSON.parse(text.slice(at, keyEnd)) as string, text.slice(value, end)]);
    at = skipSpace(text, skipSpace(text, end) + 1);
  }
  return members;
}

/** The texts of the items of a list. */
export function itemsOf(text: string): string[] {
  const items: string[] = [];
  let at = skipSpace(text, text.indexOf("[") + 1);
  while (at < text.length && text[at] !== "]") {
    const end = endOfValue(text, at);
    items.push(text.slice(at, end));
    const next = skipSpace(text, end);
    at = text[next] === "," ? skipSpace(text, next + 1) : text.length;
  }
  return items;
}

/**
 * Whether every number of a text is surely written as JavaScript writes it: with a point
 * only, at most 15 digits, no zero at its end, no minus before zero. May say false of a
 * text whose strings look like other numbers.
 */
export function hasPlainNumbers(text: string): boolean {
  return !/\d[eE]|\.\d*0(?!\d)|0\.0{6}|[\d.]{16}|-0(?![\d.])/.test(text);
}

/** How often a key may stand in a text: each colon after a quote. */
export function countOfKeys(text: string): number {
  return text.match(/"\s*:/g)?.length ?? 0;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t" || text[at] === "\r" || text[at] === "\n") at += 1;
  return at;
}

/** Where a string ends, which begins at a quote. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    at = text.indexOf('"', at);
    let slash = at;
    while (text[slash - 1] === "\\") slash -= 1;
    if ((at - slash) % 2 === 0) return at + 1;
  }
}

function endOfValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return endOfText(text, start);
  if (first === "{" || first === "[") return endOfContainer(text, start);
  let at = start;
  while (at < text.length && !/[\s,\]}]/.test(text[at] ?? "")) at += 1;
  return at;
}

function endOfContainer(text: string, start: number): number {
  const marks = /["{}[\]]/g;
  marks.lastIndex = start;
  for (let depth = 0; ; ) {
    const mark = marks.exec(text);
    if (mark === null) return text.length;
    if (mark[0] === '"') marks.lastIndex = endOfText(text, mark.index);
    else if (mark[0] === "{" || mark[0] === "[") depth += 1;
    else depth -= 1;
    if (depth === 0) return marks.lastIndex;
  }
}
