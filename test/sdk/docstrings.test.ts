/**
 * Editors show the docstrings of the public surface; each export, and each field of it,
 * has one.
 */
import { describe, expect, it } from "vitest";
import { undocumented, undocumentedIn } from "../support/docstrings.ts";

describe("every export has a docstring with an example, and every field a docstring", () => {
  it.each([
    ["sdk/index.ts", "sdk/**/*.ts"],
    ["runtime/testing/index.ts", "runtime/testing/*.ts"],
  ])("of %s", (entry, files) => {
    expect(undocumented(entry, [files])).toEqual([]);
  });
});

describe("a docstring that is missing is found", () => {
  it.each([
    ["of a function", "export function f() {}", ["f has no docstring"]],
    ["of a constant", "export const c = 1;", ["c has no docstring"]],
    ["of a type", "export type T = 1;", ["T has no docstring"]],
    ["that is empty", "/** */\nexport type T = 1;", ["T has no docstring"]],
    ["with an example", "/** A type. */\nexport type T = 1;", ["T has no @example"]],
    [
      "of a field",
      "/** A type. @example x */\nexport interface I {\na: 1;\n/** A field. */\nb: 2;\nc(): void }",
      ["I.a has no docstring", "I.c has no docstring"],
    ],
    [
      "of a member of a class",
      "/** A class. @example x */\nexport class C { #hidden = 1; protected own = 2; shown = 3; }",
      ["C.shown has no docstring"],
    ],
    [
      "but not of an overload",
      "/** A function. @example x */\nexport function f(a: 1): void;\nexport function f(a: 2): void;\nexport function f(): void {}",
      [],
    ],
  ])("%s", (_, text, expected) => {
    expect(undocumentedIn(text)).toEqual(expected);
  });
});
