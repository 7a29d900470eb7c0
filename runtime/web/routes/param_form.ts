/** What the forms that ask for params share: what was sent, and what is wrong with it. */

import type { DagSpec } from "../../../sdk/spec/index.ts";
import { checkParams, type ParamProblem, problemsOf } from "../../actions/index.ts";
import type { ParamField } from "../params/param_field.ts";
import { type SentParams, sentParams } from "../params/sent_params.ts";
import type { Sent } from "./form.ts";

/** By the name of the param; a problem inside a param names its place. */
export type Problems = Readonly<Record<string, string>>;

/** The problems that an error names; those of params with known fields. */
export function paramProblems(error: unknown, fields: readonly ParamField[]): Problems {
  return Object.fromEntries(problemsOf(error).map((problem) => atField(problem, fields)));
}

/** The field that a problem belongs to, and what to say there. */
function atField(
  { path: [name = "", key, ...deeper], message }: ParamProblem,
  fields: readonly ParamField[],
): readonly [name: string, text: string] {
  const at = (inside: readonly string[]): string =>
    inside.length === 0 ? message : `at ${inside.join(".")} ${message}`;
  const nested = fields.find((field) => field.group?.name === name && field.key === key);
  if (nested) return [nested.name, at(deeper)];
  return [name, at(key === undefined ? [] : [key, ...deeper])];
}

/**
 * The params of a form, and all problems at once when there are texts that are no values.
 * @param fields those that the form showed
 */
export async function readParams(
  spec: DagSpec,
  fields: readonly ParamField[],
  sent: Sent,
): Promise<SentParams> {
  const read = sentParams(fields, sent);
  if (Object.keys(read.problems).length === 0) return read;
  return {
    ...read,
    problems: { ...(await checkedProblems(spec, fields, read)), ...read.problems },
  };
}

async function checkedProblems(
  spec: DagSpec,
  fields: readonly ParamField[],
  { params }: SentParams,
): Promise<Problems> {
  try {
    await checkParams(spec, params);
    return {};
  } catch (error) {
    return paramProblems(error, fields);
  }
}

/** What the form says above its fields. */
export function problemCount(problems: Problems): string | null {
  const count = Object.keys(problems).length;
  if (count === 0) return null;
  return count === 1 ? "One param needs another value." : `${count} params need other values.`;
}
