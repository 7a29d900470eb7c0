/**
 * The controls of the form. Each shows a value as texts, and reads texts as a value, so
 * that a form which is sent as it is shown sends just that value.
 */
import type { Json } from "../../../sdk/json.ts";
import { numberOf, parseExactly } from "./number_text.ts";

/** What a control read: a value, nothing at all, or what is wrong with the texts. */
export type Read =
  | { readonly value: Json }
  | { readonly isEmpty: true }
  | { readonly problem: string };

export interface Choice {
  readonly label: string;
  /** The value as JSON. */
  readonly text: string;
}

export type ControlKind = "line" | "lines" | "number" | "choice" | "choices" | "list" | "json";

export type InputType = "text" | "password" | "email" | "url" | "date" | "time" | "datetime-local";

export interface Control {
  readonly kind: ControlKind;
  /** The type of the input, for a line. */
  readonly input?: InputType;
  readonly choices?: readonly Choice[];
  /** Whether an empty control is a value, such as an empty text or list. */
  readonly emptyIsValue: boolean;
  /** The texts that the control shows for a value; undefined when it cannot show it. */
  show(value: Json): string | undefined;
  read(text: string): Read;
}

const EMPTY: Read = { isEmpty: true };
const isPlain = (value: Json): value is string =>
  typeof value === "string" && !/[\r\n]/.test(value);

/** One line of text. */
export const line = (input: InputType): Control => ({
  kind: "line",
  input,
  emptyIsValue: true,
  show: (value) => (isPlain(value) ? value : undefined),
  read: (text) => ({ value: text }),
});

/** Text of several lines. */
export const lines: Control = {
  kind: "lines",
  emptyIsValue: true,
  show: (value) => (typeof value === "string" && !value.includes("\r") ? value : undefined),
  read: (text) => ({ value: text }),
};

/**
 * A date or a time that the browser helps to pick.
 * @param shape what the browser shows; other texts get a line
 * @param written how a picked text may be written; the first that `accepts` counts
 */
export const moment = (
  input: InputType,
  shape: RegExp,
  written: (picked: string) => readonly string[],
  accepts: (text: string) => boolean,
): Control => ({
  kind: "line",
  input,
  emptyIsValue: false,
  show: (value) => {
    const shown = typeof value === "string" ? value.replace(/(:00)?Z$/, "") : "";
    return shape.test(shown) && written(shown).find(accepts) === value ? shown : undefined;
  },
  read: (text) => {
    if (text === "") return EMPTY;
    return { value: shape.test(text) ? (written(text).find(accepts) ?? text) : text };
  },
});

export const number = (isWhole: boolean): Control => ({
  kind: "number",
  emptyIsValue: false,
  show: (value) => (typeof value === "number" ? String(value) : undefined),
  read: (text) => readNumber(text.trim(), isWhole),
});

function readNumber(text: string, isWhole: boolean): Read {
  if (text === "") return EMPTY;
  const value = numberOf(text);
  if (value !== undefined) return { value };
  if (/^[-+\d.e]+$/i.test(text) && !Number.isNaN(Number(text)))
    return { problem: "has more digits than a number can carry" };
  return { problem: `is not ${isWhole ? "a whole number" : "a number"}` };
}

/** One of several values. */
export const choice = (values: readonly Json[]): Control => ({
  kind: "choice",
  choices: choicesFrom(values),
  emptyIsValue: false,
  show: (value) => textIn(values, value),
  read: (text) => (text === "" ? EMPTY : readJson(text)),
});

/** Any of several values. The texts are one value a line. */
export const choices = (values: readonly Json[]): Control => ({
  kind: "choices",
  choices: choicesFrom(values),
  emptyIsValue: true,
  show: (value) => {
    if (!Array.isArray(value)) return undefined;
    const texts = value.map((one) => textIn(values, one));
    const isClear = !texts.includes(undefined) && new Set(texts).size === texts.length;
    return isClear ? texts.join("\n") : undefined;
  },
  read: (text) => readJson(`[${linesOf(text).join(",")}]`),
});

/** A list with one item a line. Empty lines are no items. */
export const list = (item: Control): Control => ({
  kind: "list",
  emptyIsValue: true,
  show: (value) => {
    if (!Array.isArray(value)) return undefined;
    const texts = value.map((one) => item.show(one));
    return texts.every(Boolean) ? texts.join("\n") : undefined;
  },
  read: (text) => {
    const items = linesOf(text).map((one) => item.read(one));
    const wrong = items.findIndex((one) => "problem" in one);
    const problem = items[wrong];
    if (problem && "problem" in problem) return { problem: `line ${wrong + 1} ${problem.problem}` };
    return { value: items.flatMap((one) => ("value" in one ? [one.value] : [])) };
  },
});

/** Any JSON. */
export const json: Control = {
  kind: "json",
  emptyIsValue: false,
  show: (value) => JSON.stringify(value, null, 2),
  read: (text) => (text.trim() === "" ? EMPTY : readJson(text)),
};

function readJson(text: string): Read {
  try {
    return { value: parseExactly(text) };
  } catch (error) {
    if (error instanceof RangeError)
      return { problem: `holds ${error.message}, which has more digits than a number can carry` };
    return { problem: 'is not JSON: write texts in quotes, as in "a" or ["a", "b"]' };
  }
}

const linesOf = (text: string): string[] => text.split("\n").filter((one) => one !== "");

const textIn = (values: readonly Json[], value: Json): string | undefined =>
  values.map((one) => JSON.stringify(one)).find((text) => text === JSON.stringify(value));

/** A text is in quotes where it could be taken for another value. */
function choicesFrom(values: readonly Json[]): readonly Choice[] {
  return values.map((value) => {
    const text = JSON.stringify(value);
    const isClear = isPlain(value) && value !== "" && !/^(null|true|false|[-\d].*)$/.test(value);
    return { label: isClear ? value : text, text };
  });
}
