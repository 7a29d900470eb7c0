/** Colours that a program printed are shown, and hide no secret. */
import { expect, test } from "vitest";
import { styledTexts } from "../../../runtime/web/read/log_colours.ts";
import { styledLines } from "../../../runtime/web/read/log_lines.ts";

const mask = (text: string): string => text.replaceAll("s3cret", "***");
const chunk = (text: string): string =>
  `${JSON.stringify({ time: "2026-01-01T00:00:00Z", level: "info", source: "stdout", text })}\n`;

test("colours and styles become classes, and what is between them stays plain", () => {
  const line = "a \u001b[1;32mgreen\u001b[0m b \u001b[91mred\u001b[39m\u001b[2m dim\u001b[0m";
  expect(styledTexts(line)).toEqual([
    { text: "a ", style: "" },
    { text: "green", style: "ansi-green ansi-bold" },
    { text: " b ", style: "" },
    { text: "red", style: "ansi-red" },
    { text: " dim", style: "ansi-dim" },
  ]);
});

test.each([
  ["without control", "plain"],
  ["with a white that one scheme would hide", "\u001b[37mwhite\u001b[0m"],
  ["that moves the cursor", "\u001b[2K\u001b[1Gprogress"],
  ["with a colour of its own", "\u001b[38;2;1;2;3mown\u001b[0m"],
])("a line %s is plain", (_, line) => {
  expect(styledTexts(line)).toBeUndefined();
});

test("a secret with a colour inside is masked, and its line is plain", () => {
  const [line] = styledLines(chunk("pass s3\u001b[31mcret\u001b[0m"), mask);
  expect(line?.text).toBe("pass ***");
  expect(line).not.toHaveProperty("styled");
});

test("a line that is cut is plain", () => {
  const [line] = styledLines(chunk(`\u001b[31m${"x".repeat(5_000)}\u001b[0m`), mask);
  expect(line?.text).toContain("1000 more characters");
  expect(line).not.toHaveProperty("styled");
});

test("a coloured line that also moves the cursor shows its text", () => {
  const [line] = styledLines(chunk("\u001b[2K\u001b[32mdone\u001b[0m"), mask);
  expect(line?.text).toBe("done");
});
