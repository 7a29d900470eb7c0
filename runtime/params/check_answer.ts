/** Checks an answer to a question, wherever it comes from. */
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { QuestionSpec } from "../../sdk/spec/index.ts";
import { checkValue } from "./check_value.ts";
import type { ParamProblems } from "./param_problems.ts";

/** The question that an answer is for. */
export interface CheckedQuestion extends Pick<QuestionSpec, "formSchema" | "options"> {
  readonly dagId: string;
  readonly taskId: string;
}

/**
 * The answer, with the defaults of the form filled in.
 * @throws DagsmithError INVALID_ANSWER naming each problem, SCHEMA_TOO_SLOW,
 *   SCHEMA_UNUSABLE
 */
export async function checkAnswer(question: CheckedQuestion, answer: Json): Promise<Json> {
  const { dagId, taskId, formSchema, options } = question;
  const refuse = (problems: string, cause?: ParamProblems): DagsmithError =>
    new DagsmithError("INVALID_ANSWER", { task: taskId, dag: dagId, problems }, { cause });
  const fields = async (given: Json): Promise<Json> => {
    const checked = await checkValue(formSchema, given, "answer");
    if (checked.problems === undefined) return checked.value;
    throw refuse(checked.problems.message, checked.problems);
  };
  if (options.length === 0) return fields(answer);
  if (formSchema === null) return chosen(answer, options, refuse);
  const { option, form = {}, ...more } = isObject(answer) ? answer : {};
  const known = chosen(option, options, refuse);
  if (Object.keys(more).length > 0)
    throw refuse(`it has ${Object.keys(more).join(", ")} besides option and form`);
  return { option: known, form: await fields(form) };
}

function chosen(
  option: Json | undefined,
  options: readonly string[],
  refuse: (problems: string) => DagsmithError,
): string {
  const known = options.find((one) => one === option);
  if (known !== undefined) return known;
  throw refuse(`choose one of ${options.map((one) => JSON.stringify(one)).join(", ")}`);
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
