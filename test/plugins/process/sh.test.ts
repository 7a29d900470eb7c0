import { execFileSync } from "node:child_process";
import { sh } from "dagsmith/plugins/process";
import { DateTime } from "luxon";
import { expect, test } from "vitest";
import type { Sh } from "../../../plugins/process/sh.ts";
import fc from "../../support/fast_check.ts";

function bash(script: Sh): string {
  return execFileSync("bash", ["-euo", "pipefail", "-c", script.render()], { encoding: "utf8" });
}

const NASTY = [
  `it's "quoted"`,
  "$(touch /tmp/dagsmith-was-here) `id` $HOME",
  "two\nlines\n",
  "; exit 3 #",
  "-n *",
  "\\ \\n",
  "",
  "ünïcode 🎉",
];

test.each(NASTY)("a value reaches the command as it is, wherever it stands: %j", (value) => {
  expect(bash(sh`printf '%s|' ${value}`)).toBe(`${value}|`);
  expect(bash(sh`printf '%s|' "<${value}>"`)).toBe(`<${value}>|`);
  expect(bash(sh`printf '%s|' "$(printf '%s.' ${value})"`)).toBe(`${value}.|`);
  expect(bash(sh`printf '%s|' "a $(printf "%s." "${value}") b"`)).toBe(`a ${value}. b|`);
  expect(bash(sh`f() { printf '%s|' ${value}; }; f other`)).toBe(`${value}|`);
  expect(bash(sh`(case ${value} in zzz) ;; *) printf '%s|' ${value} ;; esac)`)).toBe(`${value}|`);
  expect(
    bash(sh`cat <<END
<${value}>
it's "here"
END
printf '%s|' ${value}`),
  ).toBe(`<${value}>\nit's "here"\n${value}|`);
  expect(
    bash(sh`# don't "stop
printf '%s|' ${value}`),
  ).toBe(`${value}|`);
  expect(bash(sh`cat <<<${value}`)).toBe(`${value}\n`);
  expect(bash(sh`x=$'it\'s'; printf '%s|' "$x" ${value}`)).toBe(`it's|${value}|`);
});

test("any text reaches the command as it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const value = text.replaceAll("\0", "");
      expect(bash(sh`printf '%s|' ${value} "${value}"`)).toBe(`${value}|${value}|`);
    }),
    { numRuns: 30 },
  );
});

test.each([
  ["a number", 12.5, "12.5"],
  ["a bigint", 12_345_678_901_234_567_890n, "12345678901234567890"],
  ["a boolean", false, "false"],
  ["a date", DateTime.fromISO("2026-01-02T03:00Z", { zone: "utc" }), "2026-01-02T03:00:00.000Z"],
])("%s is written as text", (_, value, text) => {
  expect(bash(sh`printf %s ${value}`)).toBe(text);
});

test("a list becomes one word for each element, and an empty list no word", () => {
  expect(bash(sh`printf '<%s>' ${["a b", "c'd", 3]}`)).toBe("<a b><c'd><3>");
  expect(bash(sh`set -- ${[]}; echo $#`)).toBe("0\n");
});

test("a script is a part of another script", () => {
  const source = sh`printf '%s\n' ${"b a"}`;
  expect(bash(sh`${source} | tr a-b A-B`)).toBe("B A\n");
});

test("backslashes and variables of bash reach bash as they are written", () => {
  expect(bash(sh`name=x; printf 'a\tb %s' "\${name}"`)).toBe("a\tb x");
  expect(bash(sh`echo \`echo in\``)).toBe("in\n");
});

test.each([
  ["single quotes", () => sh`echo '${"x"}'`],
  ["single quotes after others", () => sh`echo "it's" 'a ${"x"}'`],
  ["quotes of $''", () => sh`echo $'${"x"}'`],
  [
    "a here-document that expands nothing",
    () => sh`cat <<'END'
${"x"}
END`,
  ],
])("a value within %s is refused, because bash would not see it", (_, script) => {
  expect(() => script().render()).toThrow(/stands within quotes that bash does not look into/);
});

test.each([
  ["undefined", undefined],
  ["null", null],
  ["an object", { a: 1 }],
  ["a list with null", [null]],
  ["an invalid date", DateTime.invalid("x")],
])("%s is refused as a value", (_, value) => {
  expect(() => sh`echo ${value as never}`).toThrow(/^A value of an sh script is /);
});

test("a value with a NUL character is refused", () => {
  expect(() => sh`echo ${"a\0b"}`).toThrow(/holds a NUL character/);
});
