/** What the forms that ask for params share: what was sent, and what is wrong with it. */

import type { DagSpec } from "../../../sdk/spec/index.ts";
import { checkParams, problemsOf } from "../../actions/index.ts";
import { paramFields } from "../params/param_field.ts";
import { type SentParams, sentParams } from "../params/sent_params.ts";
import type { Sent } from "./form.ts";

/** By the name of the param; a problem inside a param names its place. */
export type Problems = Readonly<Record<string, string>>;

/** The problems that an error names; those of params with known fields. */
export function paramProblems(error: unknown): Problems {
  return Object.fromEntries(
    problemsOf(error).map(({ path: [name = "", ...inside], message }) => [
      name,
      inside.length === 0 ? message : `at ${inside.join(".")} ${message}`,
    ]),
  );
}

/** The params of a form, and all problems at once when there are texts that are no values. */
export function readParams(spec: DagSpec, sent: Sent): SentParams {
  const read = sentParams(paramFields(spec.paramsSchema), sent);
  if (Object.keys(read.problems).length === 0) return read;
  return { ...read, problems: { ...checkedProblems(spec, read), ...read.problems } };
}

function checkedProblems(spec: DagSpec, { params }: SentParams): Problems {
  try {
    checkParams(spec, params);
    return {};
  } catch (error) {
    return paramProblems(error);
  }
}

/** What the form says above its fields. */
export function problemCount(problems: Problems): string | null {
  const count = Object.keys(problems).length;
  if (count === 0) return null;
  return count === 1 ? "One param needs another value." : `${count} params need other values.`;
}
