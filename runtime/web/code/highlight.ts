/** Code as lines of HTML, coloured by its language. All text of the code is escaped. */
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";

for (const [name, language] of Object.entries({ bash, json, python, sql, typescript }))
  hljs.registerLanguage(name, language);

const LANGUAGES: Readonly<Record<string, string>> = {
  ...{
    ts: "typescript",
    tsx: "typescript",
    mts: "typescript",
    js: "typescript",
    mjs: "typescript",
  },
  ...{ sql: "sql", py: "python", sh: "bash", json: "json" },
};

/**
 * Longer code is shown without colours: finding them would block the page for seconds.
 */
const LONGEST = 200_000;

/**
 * Each line as HTML of its own: an element that spans lines is closed and opened again.
 */
export function highlightLines(code: string, path: string): readonly string[] {
  const language = LANGUAGES[path.slice(path.lastIndexOf(".") + 1)];
  if (language === undefined || code.length > LONGEST) return escaped(code).split("\n");
  return wholeLines(hljs.highlight(code, { language }).value);
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? "");
}

function wholeLines(html: string): readonly string[] {
  const open: string[] = [];
  return html.split("\n").map((line) => {
    const before = open.join("");
    for (const [tag] of line.matchAll(/<span[^>]*>|<\/span>/g)) {
      if (tag === "</span>") open.pop();
      else open.push(tag);
    }
    return `${before}${line}${"</span>".repeat(open.length)}`;
  });
}
