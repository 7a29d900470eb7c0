/** Turns a question to people into its plain form. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Json } from "../json.ts";
import { jsonSchemaOf } from "../json_schema.ts";
import { invalidOption, wrongValue } from "../option_values.ts";
import { type QuestionSpec, ROLES } from "../spec/index.ts";
import type { FormSchema, QuestionDefinition } from "../task/ask.ts";

const MAX_OPTIONS = 20;
const MAX_TEXT = 100;
const MAX_ASSIGNEES = 100;

/**
 * The plain form of a question.
 * @param notifies whether the task has a callback for open questions
 * @throws DagsmithError INVALID_OPTION
 */
export function describeQuestion(
  { form, options, assignees, role, otherwise, reminder }: QuestionDefinition,
  notifies: boolean,
  where: string,
): QuestionSpec {
  const buttons = options === undefined ? [] : texts(options, "options", MAX_OPTIONS, where);
  const users = assignees === undefined ? [] : texts(assignees, "assignees", MAX_ASSIGNEES, where);
  if (form === undefined && buttons.length === 0)
    throw invalidOption(where, "form", "missing", "a form, options, or both");
  if (role !== undefined && !ROLES.includes(role))
    throw wrongValue(where, "role", role, ROLES.join(", "));
  if (reminder !== undefined && !notifies)
    throw invalidOption(where, "reminder", "given without onAsk", "both: onAsk reminds");
  const spec = {
    formSchema: form === undefined ? null : formSchema(form, where),
    ...{ options: buttons, assignees: users },
    role: role ?? (users.length === 0 ? "operator" : null),
  };
  if (otherwise !== undefined) checkOtherwise(otherwise, form, spec, where);
  return spec;
}

/** Texts that are different, and not blank. */
function texts(
  given: readonly string[],
  option: string,
  most: number,
  where: string,
): readonly string[] {
  const isList = Array.isArray(given) && given.length >= 1 && given.length <= most;
  const isText = (text: unknown): boolean =>
    typeof text === "string" && text.trim() !== "" && text.length <= MAX_TEXT;
  if (isList && given.every(isText) && new Set(given).size === given.length) return [...given];
  const allowed = `1 to ${most} different texts of at most ${MAX_TEXT} characters`;
  throw wrongValue(where, option, given, allowed);
}

/**
 * The schema of answers as they are stored, so it describes what the schema returns: the
 * tasks that read an answer do not parse it again.
 */
function formSchema(form: FormSchema, where: string): Json {
  const allowed = "a schema of an object without transforms, such as zod's";
  const words = { found: "one without a JSON form", allowed };
  const written = jsonSchemaOf(form, "form", where, words, "output");
  if (isObject(written) && written.type === "object") return written;
  const found = written === undefined ? "one that cannot tell its JSON Schema" : "of no object";
  throw invalidOption(where, "form", found, allowed);
}

function isObject(value: unknown): value is Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An answer that no person can give must not be given by a clock. */
function checkOtherwise(
  otherwise: unknown,
  form: FormSchema | undefined,
  { options }: Pick<QuestionSpec, "options">,
  where: string,
): void {
  const chosen = isObject(otherwise) && form ? otherwise.option : otherwise;
  if (options.length > 0 && !options.includes(chosen as string))
    throw wrongValue(where, "otherwise", otherwise, `an answer: one of ${options.join(", ")}`);
  if (form === undefined) return;
  const fields = options.length > 0 ? (otherwise as { readonly form?: unknown }).form : otherwise;
  const problem = problemOf(form, fields);
  if (problem !== null)
    throw wrongValue(where, "otherwise", otherwise, `an answer that fits the form (${problem})`);
}

/** Null for a value that fits, and for a schema that checks only later. */
function problemOf(form: StandardSchemaV1, value: unknown): string | null {
  const checked = form["~standard"].validate(value);
  if (checked instanceof Promise || checked.issues === undefined) return null;
  return checked.issues.map(({ message }) => message).join("; ");
}
