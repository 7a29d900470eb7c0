/** Markdown on the page: what people write is shown, and nothing of it acts. */
import { h } from "preact";
import { render } from "preact-render-to-string";
import { expect, test } from "vitest";
import { Markdown } from "../../../runtime/web/views/values/markdown.tsx";

const shown = (text: string): string =>
  render(h(Markdown, { text })).replace(/^<div class="markdown">|<\/div>$/g, "");

test.each([
  ["emphasis", "**5** rows, *now*", "<p><strong>5</strong> rows, <em>now</em></p>"],
  ["line breaks", "a\nb", "<p>a<br/>b</p>"],
  ["a list", "- a\n- b", "<ul><li>a</li><li>b</li></ul>"],
  ["a list that begins at 3", "3. a", '<ol start="3"><li>a</li></ol>'],
  ["a heading, below those of the page", "# Report", "<p><strong>Report</strong></p>"],
  ["code", "`a<b`", "<p><code>a&lt;b</code></p>"],
  ["a quote", "> said", "<blockquote><p>said</p></blockquote>"],
  [
    "a link",
    "[docs](https://example.org/a)",
    '<p><a href="https://example.org/a" rel="noreferrer">docs</a></p>',
  ],
])("shows %s", (_, text, html) => {
  expect(shown(text)).toBe(html);
});

test.each([
  ["HTML", '<img src=x onerror="alert(1)">'],
  ["HTML in a line", "a <b>bold</b> word"],
  ["a script", "<script>alert(1)</script>"],
  ["an image from elsewhere", "![x](https://example.org/x.png)"],
  ["a link that is a script", "[x](javascript:alert(1))"],
  ["a link that hides a script", "[x](java&#115;cript:alert(1))"],
  ["a link to data", "[x](data:text/html,<script>1</script>)"],
  ["a link to another host without its scheme", "[x](//example.org)"],
])("shows %s as text", (_, text) => {
  expect(shown(text)).not.toMatch(/<(?:img|b|script|a)[ >]/);
});

test("a text of many brackets and quotes is read at once", () => {
  const text = `${"[".repeat(2_000)}${">".repeat(2_000)}${"*a ".repeat(2_000)}`;
  expect(shown(text).length).toBeGreaterThan(text.length);
});
