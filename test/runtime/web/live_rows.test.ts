/** What a live change sends of a page, and which pages the server remembers. */
import { expect, test } from "vitest";
import { changedParts } from "../../../runtime/web/live/changed_parts.ts";
import { livePartsOf } from "../../../runtime/web/live/live_parts.ts";
import { SentPages } from "../../../runtime/web/live/sent_pages.ts";

const list = (...rows: readonly string[]): string =>
  `<main><ul id="rows" data-live="true">${rows.join("")}</ul></main>`;
const row = (key: string, text = key): string => `<li data-key="${key}">${text}</li>`;

/** What a page that was `before` is sent when it is `after`. */
function sent(before: string, after: string): string {
  const pages = new SentPages();
  pages.add("before", livePartsOf(before));
  return changedParts(after, livePartsOf(after), pages.rows("before")!);
}

const rowsIn = (html: string): string => /<ul[^>]*>(.*)<\/ul>/.exec(html)?.[1] ?? "";
const mark = (key: string, count: number): string =>
  `<li data-key="${key}" data-same="${count}"></li>`;

test("a page that did not change is sent nothing", () => {
  expect(sent(list(row("a")), list(row("a")))).toBe("");
});

test("of one changed row only that row is sent, and one mark for all rows on each side", () => {
  const before = list(row("a"), row("b"), row("c"), row("d"), row("e"));
  const after = list(row("a"), row("b"), row("c", "new"), row("d"), row("e"));
  expect(rowsIn(sent(before, after))).toBe(mark("a", 2) + row("c", "new") + mark("d", 2));
});

test("a row that went, came or moved ends the rows for which one mark stands", () => {
  const before = list(row("a"), row("b"), row("c"), row("d"));
  expect(rowsIn(sent(before, list(row("a"), row("c"), row("d"))))).toBe(
    mark("a", 1) + mark("c", 2),
  );
  const moved = list(row("d"), row("a"), row("x"), row("b"));
  expect(rowsIn(sent(before, moved))).toBe(mark("d", 1) + mark("a", 1) + row("x") + mark("b", 1));
});

test("rows with text between them have a mark each, so that the text stays", () => {
  const before = list(row("a"), " or ", row("b"), row("c"));
  const after = list(row("a"), " or ", row("b"), row("c", "new"));
  expect(rowsIn(sent(before, after))).toBe(`${mark("a", 1)} or ${mark("b", 1)}${row("c", "new")}`);
});

test("a row within a changed row keeps its mark, and a row of another list none", () => {
  const outer = (text: string): string => row("out", `${text}<b id="in">same</b>`);
  expect(rowsIn(sent(list(outer("old")), list(outer("new"))))).toBe(
    row("out", 'new<b data-key="in" data-same="1"></b>'),
  );
  const other = list(row("other", '<b id="in">same</b>'));
  expect(rowsIn(sent(list(outer("old")), other))).toContain('<b id="in">same</b>');
});

test("a cell of the grid is the row of its instance", () => {
  const cell = (id: number, state: string): string =>
    `<td><a class="${state}" href="/t/${id}" title="a > b"></a></td>`;
  const grid = (...cells: readonly string[]): string =>
    list(`<table class="grid"><tr data-key="t">${cells.join("")}<td></td></tr></table>`);
  const before = grid(cell(1, "success"), cell(2, "success"), cell(3, "running"));
  const after = grid(cell(2, "success"), cell(3, "success"), "<td></td>", cell(4, "queued"));
  expect(rowsIn(sent(before, after))).toBe(
    '<table class="grid"><tr data-key="t"><td data-key="/t/2" data-same="1"></td>' +
      `${cell(3, "success")}<td></td>${cell(4, "queued")}<td></td></tr></table>`,
  );
});

test("a part with a subject, as a log, is sent when its subject changes, and whole", () => {
  const log = (subject: string, lines: string): string =>
    `<main><section id="log" data-subject="${subject}">${lines}</section></main>`;
  expect(sent(log("/logs/1/1", row("a")), log("/logs/1/1", row("a") + row("b")))).toBe("");
  expect(sent(log("/logs/1/1", row("a")), log("/logs/1/2", row("a")))).toContain(row("a"));
});

test("pages without rows are forgotten, too, when there are too many", () => {
  const pages = new SentPages(100);
  const etags = Array.from({ length: 50 }, (_, index) => `empty ${index}`);
  for (const etag of etags) pages.add(etag, []);
  expect(etags.filter((etag) => pages.rows(etag) !== undefined)).toEqual(["empty 48", "empty 49"]);
});

test("the oldest pages are forgotten when there are too many rows, and the newest never", () => {
  const pages = new SentPages(110);
  const parts = livePartsOf(list(row("a"), row("b")));
  for (const etag of ["one", "two", "three", "three"]) pages.add(etag, parts);
  expect(["one", "two", "three"].map((etag) => pages.rows(etag) !== undefined)).toEqual([
    false,
    true,
    true,
  ]);
});
