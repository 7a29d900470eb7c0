/** What is wrong with params, by param and in plain words. */
import type { z } from "zod";
import { isDagsmithError } from "../../sdk/errors.ts";

export interface ParamProblem {
  /** Where: the name of the param, then the fields and positions inside it. */
  readonly path: readonly string[];
  /** What follows the name: "must be at least 1". */
  readonly message: string;
}

/** The cause of an error about params: what to show next to each field. */
export class ParamProblems extends Error {
  override readonly name = "ParamProblems";
  readonly list: readonly ParamProblem[];

  /** @param whole the name of the value that was checked. Default `params` */
  constructor(list: readonly ParamProblem[], whole?: string) {
    super(wordsOf(list, whole));
    this.list = list;
  }
}

/** @param whole the name of the value that was checked */
function wordsOf(list: readonly ParamProblem[], whole = "params"): string {
  return list.map(({ path, message }) => `${path.join(".") || whole}: ${message}`).join("; ");
}

/**
 * The problems that an error of `checkParams` or `checkAnswer` names; none for another
 * error.
 */
export function problemsOf(error: unknown): readonly ParamProblem[] {
  return isDagsmithError(error) && error.cause instanceof ParamProblems ? error.cause.list : [];
}

type Issue = z.core.$ZodIssue;

/** @param issue of a check with `reportInput` */
export function problemFrom(issue: Issue): ParamProblem {
  const inner = issue.code === "invalid_union" ? innermost(issue.errors) : undefined;
  if (inner) {
    const { path, message } = problemFrom(inner);
    return { path: [...issue.path.map(String), ...path], message };
  }
  return { path: issue.path.map(String), message: words(issue) };
}

/** The issue of the only branch that the value could have meant. */
function innermost(branches: readonly (readonly Issue[])[]): Issue | undefined {
  const meant = branches.filter(
    ([first]) => !(first?.code === "invalid_type" && first.expected === "null"),
  );
  return meant.length === 1 ? meant[0]?.[0] : undefined;
}

function words(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "needs a value" : `must be ${typeWords(issue.expected)}`;
    case "too_small":
      return `must ${issue.inclusive === false ? "be more than" : atLeast(issue.origin)} ${amount(issue.origin, issue.minimum)}`;
    case "too_big":
      return `must ${issue.inclusive === false ? "be less than" : atMost(issue.origin)} ${amount(issue.origin, issue.maximum)}`;
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_value":
      return `must be ${oneOf(issue.values)}`;
    case "invalid_format":
      return `must be ${formatWords(issue)}`;
    case "unrecognized_keys":
      return `must not have ${issue.keys.join(", ")}`;
    case "invalid_union":
      return "fits none of the kinds that are allowed";
    default:
      return `is refused: ${issue.message}`;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
  null: "null",
};
const typeWords = (type: string): string => TYPES[type] ?? type;

const isCounted = (origin: string): boolean => origin === "string" || origin === "array";
const atLeast = (origin: string): string => (isCounted(origin) ? "have at least" : "be at least");
const atMost = (origin: string): string => (isCounted(origin) ? "have at most" : "be at most");

function amount(origin: string, limit: number | bigint): string {
  if (!isCounted(origin)) return String(limit);
  const unit = origin === "string" ? "character" : "item";
  return `${limit} ${unit}${Number(limit) === 1 ? "" : "s"}`;
}

function oneOf(values: readonly unknown[]): string {
  const texts = values.map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
  return texts.length === 1 ? `${texts[0]}` : `one of ${texts.join(", ")}`;
}

/** JSON Schema's `time` needs an offset, and many a time has none. */
export const TIME = "^([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d+)?)?(Z|[+-]\\d\\d:?\\d\\d)?$";

const FORMATS: Readonly<Record<string, string>> = {
  email: "an e-mail address",
  url: "an address such as https://example.com",
  uuid: "a UUID",
  guid: "a UUID",
  date: "a date such as 2026-01-31",
  datetime: "a time such as 2026-01-31T04:00:00Z",
  time: "a time such as 04:00",
  duration: "a length of time such as PT5M",
  ipv4: "an IPv4 address",
  ipv6: "an IPv6 address",
  base64: "Base64",
};

function formatWords(issue: Extract<Issue, { code: "invalid_format" }>): string {
  const known = FORMATS[issue.pattern?.includes(TIME) ? "time" : issue.format];
  if (known !== undefined) return known;
  return issue.pattern === undefined
    ? `of the format ${issue.format}`
    : `text that matches ${issue.pattern}`;
}
