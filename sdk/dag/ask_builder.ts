/** Declares tasks that wait for people: questions. */
import type { TriggerRule } from "../spec/index.ts";
import {
  type AnswerOf,
  type AskOptions,
  askBody,
  type FormSchema,
  type GivenAskOptions,
  type NoRetries,
  refuseRetries,
} from "../task/ask.ts";
import type {
  GivenContext,
  Listed,
  Named,
  NoInputs,
  PlainOrMappedOptions,
  WhenMapped,
} from "../task/given_options.ts";
import type { GivenTaskOptions, InputRefs, OutputOf } from "../task/task_options.ts";
import type { TaskRef } from "../task/task_ref.ts";
import { CallBuilder } from "./call_builder.ts";

export abstract class AskBuilder<out Params, out Item> extends CallBuilder<Params, Item> {
  /**
   * Declares a question to people: the task waits for an answer without a slot and
   * without a process. People answer on the page (Inbox), by `dag answer`, or by the API;
   * the first answer counts. An answer may come before the question. A question that is
   * cleared is asked again. Airflow: HITLOperator, ApprovalOperator.
   * @returns a reference to the answer: the fields of the form, the chosen option, or
   *   `{ option, form }` with both; for a mapped question (`each`), to the list
   * @throws DagsmithError as {@link task}; the try fails with INVALID_OPTION for a subject
   *   or a body that is no text, or too long
   * @example
   * const answer = d.ask("approve", {
   *   inputs: { rows },
   *   subject: ({ inputs }) => `Publish ${inputs.rows} rows?`,
   *   options: ["publish", "reject"],
   *   form: z.object({ note: z.string().optional() }),
   *   assignees: ["ada"],
   *   timeout: "2d",
   *   otherwise: { option: "reject", form: {} },
   *   onAsk: slackMessage({ slack: "ops" }),
   * });
   * d.shortCircuit("go", { inputs: { answer } }, ({ inputs }) =>
   *   inputs.answer.option === "publish",
   * );
   */
  ask<
    Names extends PropertyKey,
    Each,
    Element,
    Form extends FormSchema | undefined = undefined,
    Option extends string = never,
    Inputs extends InputRefs = NoInputs,
    Rule extends TriggerRule = "all_success",
    Allowed extends boolean = false,
  >(
    taskId: string,
    options: PlainOrMappedOptions<Names, Each, Inputs, Rule, Allowed, Element, Params, Item> &
      AskOptions<
        Form,
        Option,
        GivenContext<Names, Params, Inputs, Rule, WhenMapped<Names, Each, Element, Item>>
      > &
      NoRetries &
      Named<Names> &
      Listed<Each>,
  ): TaskRef<
    WhenMapped<Names, Each, AnswerOf<Form, Option>[], OutputOf<AnswerOf<Form, Option>, Allowed>>
  >;
  ask(taskId: string, given: object): TaskRef<unknown> {
    const where = `question "${taskId}" of DAG "${this.scope.dagId}"`;
    refuseRetries(given, where);
    const { subject, body, timeout, ...rest } = given as GivenAskOptions & GivenTaskOptions;
    const { form, options: buttons, assignees, role, otherwise, reminder, ...options } = rest;
    const ask = { form, options: buttons, assignees, role, otherwise, reminder };
    const asked = askBody(
      { subject, body, timeout, otherwise, reminder } as GivenAskOptions,
      where,
    );
    const declared = { options, body: this.scope.bodyOf("task", taskId, asked) };
    return this.scope.add(taskId, { ...declared, ask: ask as GivenAskOptions });
  }
}
