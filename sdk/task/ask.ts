/**
 * Questions to people: a task that asks, waits for the answer without a process, and has
 * the answer as output.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Duration } from "../duration.ts";
import { toJson } from "../json.ts";
import { invalidOption, moreThanZero, wrongKind } from "../option_values.ts";
import type { AskSpec, Role } from "../spec/index.ts";
import { type FromContext, resolveField, type TaskContext } from "./context.ts";
import { waiting } from "./wait.ts";

/**
 * The schema of a form: that of an object.
 * @example const form: FormSchema = z.object({ note: z.string().optional() });
 */
export type FormSchema = StandardSchemaV1<unknown, object>;

/**
 * What a question returns. A form alone gives its fields, options alone give the chosen
 * option, and both give `{ option, form }`.
 * @example type Answer = AnswerOf<undefined, "publish" | "reject">; // the chosen option
 */
export type AnswerOf<Form, Option extends string> = [Form] extends [
  StandardSchemaV1<unknown, infer Fields>,
]
  ? [Option] extends [never]
    ? Fields
    : { readonly option: Option; readonly form: Fields }
  : Option;

/**
 * Options of a question besides the options of any task.
 * @example
 * const options: AskOptions<undefined, "yes" | "no"> = {
 *   subject: "Publish July?",
 *   options: ["yes", "no"],
 * };
 */
export interface AskOptions<
  Form extends FormSchema | undefined,
  Option extends string,
  Context extends TaskContext = TaskContext,
> {
  /** What is asked, in one line of at most 200 characters. */
  readonly subject: FromContext<string, Context>;
  /** More about it, in Markdown, of at most 20,000 characters. Default: none. */
  readonly body?: FromContext<string, Context>;
  /**
   * A schema that can write its JSON Schema, such as zod 4's, of an object without
   * transforms. The page makes a form of it. An answer is checked against the JSON
   * Schema, which a `refine` is no part of. Default: no form.
   */
  readonly form?: Form;
  /** Buttons, of which people choose one. From 1 to 20. Default: one to send the form. */
  readonly options?: readonly Option[];
  /** Names of users who may answer. Default: everyone with the `role`. */
  readonly assignees?: readonly string[];
  /**
   * The least role, for the DAG, that may answer. Default `"operator"`; with `assignees`,
   * none.
   */
  readonly role?: Role;
  /** Longest time until the answer. Default: no limit. */
  readonly timeout?: Duration;
  /** The answer when none came within `timeout`. Default: the task fails. */
  readonly otherwise?: NoInfer<AnswerOf<Form, Option>>;
  /** Calls `onAsk` again each time that so much time has passed. Default: never. */
  readonly reminder?: Duration;
}

/** Options that have no meaning for a question: a second try would ask again. */
const RETRY_OPTIONS = [
  ...(["retries", "retryDelay", "retryBackoff", "retryJitter"] as const),
  ...(["retryTotal", "retryIf", "maxRetryDelay"] as const),
];

/**
 * Refuses the options of retries.
 * @example const none: NoRetries = {};
 */
export type NoRetries = { readonly [Name in (typeof RETRY_OPTIONS)[number]]?: never };

/** The options of a question of any kind, as a builder gets them. */
export type GivenAskOptions = Omit<AskOptions<FormSchema | undefined, string>, "otherwise"> & {
  readonly otherwise?: unknown;
};

/** A question as the builder keeps it. */
export type QuestionDefinition = Pick<
  GivenAskOptions,
  "form" | "options" | "assignees" | "role" | "otherwise" | "reminder"
>;

/** @throws DagsmithError INVALID_OPTION for an option of retries */
export function refuseRetries(options: object, where: string): void {
  const option = RETRY_OPTIONS.find((name) => Object.hasOwn(options, name));
  if (option !== undefined)
    throw invalidOption(where, option, "given", "no retries: a question is asked once");
}

const MAX_SUBJECT = 200;
const MAX_BODY = 20_000;

/** The body of a question: one short try writes its text, then the task waits. */
export function askBody(
  { subject, body, timeout, otherwise, reminder }: GivenAskOptions,
  where: string,
) {
  if (subject === undefined) throw invalidOption(where, "subject", "missing", "a text");
  if (otherwise !== undefined && timeout === undefined)
    throw invalidOption(where, "otherwise", "given without a timeout", "both, or neither");
  const fixed = {
    type: "ask" as const,
    timeoutMs: timeout === undefined ? null : moreThanZero(timeout, "timeout", where),
    otherwise: otherwise === undefined ? null : toJson(otherwise),
    reminderMs: reminder === undefined ? null : moreThanZero(reminder, "reminder", where),
  };
  async function ask(context: TaskContext): Promise<AskSpec> {
    const asked = checkedText(await resolveField(subject, context), "subject", MAX_SUBJECT, where);
    const more = body === undefined ? null : await resolveField(body, context);
    return {
      ...fixed,
      subject: asked,
      body: more === null ? null : checkedText(more, "body", MAX_BODY, where),
    };
  }
  return waiting<unknown, TaskContext>(ask, null);
}

/** @throws DagsmithError INVALID_OPTION */
function checkedText(text: unknown, option: string, longest: number, where: string): string {
  if (typeof text !== "string") throw wrongKind(where, option, text, "a text");
  if (text.trim() !== "" && text.length <= longest) return text;
  throw invalidOption(
    where,
    option,
    `${text.length} characters`,
    `1 to ${longest} characters that are not blank`,
  );
}
