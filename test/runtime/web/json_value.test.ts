/** Values of JSON on the page: a tree that loses and changes nothing. */
import { h } from "preact";
import { render } from "preact-render-to-string";
import { expect, test } from "vitest";
import { JsonValue } from "../../../runtime/web/views/values/json_value.tsx";

const shown = (text: string): string => render(h(JsonValue, { text })).replaceAll("&quot;", '"');
const long = "x".repeat(80);

test("a short value is one line", () => {
  expect(shown('{"a":1}')).toBe('<pre class="value">{"a":1}</pre>');
});

test("a long value is a tree: names, sizes and values, open at first", () => {
  const html = shown(JSON.stringify({ rows: [long, 2], done: true }));
  expect(html).toContain('<details open><summary><b>rows</b> <span class="faint">2 items</span>');
  expect(html).toContain(`<b>0</b> <code class="json-string">"${long}"</code>`);
  expect(html).toContain('<b>done</b> <code class="json-boolean">true</code>');
});

test("a list of many entries begins folded", () => {
  const html = shown(JSON.stringify({ rows: Array.from({ length: 40 }, (_, at) => at * 1_000) }));
  expect(html).toContain("<details><summary><b>rows</b>");
});

test("markup in names and values is text", () => {
  const html = shown(JSON.stringify({ "<b>": ["<script>", long] }));
  expect(html).not.toMatch(/<script|<b><b>/);
  expect(html).toContain("&lt;script>");
});

test.each([
  ["is cut", `{"text":"${long}…`],
  ["is no JSON", `${long} plain`],
  ["has a number that JavaScript cannot hold", `{"id":9007199254740993,"text":"${long}"}`],
  ["has a number in another form", `{"price":1.50,"text":"${long}"}`],
  ["has thousands of parts", JSON.stringify(Array.from({ length: 3_000 }, () => [1]))],
])("a value that %s is its own text", (_, text) => {
  expect(shown(text)).toBe(`<pre class="value">${text}</pre>`);
});

test("a value of a thousand levels is shown", () => {
  const deep = `${"[".repeat(1_000)}${"]".repeat(1_000)}`;
  expect(shown(deep)).toContain('class="value json"');
});
