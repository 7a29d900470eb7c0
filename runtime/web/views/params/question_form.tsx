/** The form that answers a question: its text, its fields, and a button for each option. */
import type { VNode } from "preact";
import type { ShownQuestion } from "../../read/question_form.ts";
import { Time } from "../parts/time.tsx";
import { Markdown } from "../values/markdown.tsx";
import { ParamFields } from "./param_field.tsx";

export interface QuestionFormProps extends ShownQuestion {
  readonly sent: Readonly<Record<string, string>>;
  readonly problems: Readonly<Record<string, string>>;
  readonly error: string | null;
  /** Undefined: the caller may not answer. */
  readonly token: string | undefined;
  /** Where the page goes after the answer. */
  readonly back: "inbox" | "task";
}

export function QuestionForm({ question, token, ...form }: QuestionFormProps): VNode {
  return (
    <section class="sheet question" aria-label="Question">
      <h2>{question.subject}</h2>
      {question.body !== null && <Markdown text={question.body} />}
      <p class="faint">
        May be answered by {question.who}
        {question.until !== null && (
          <>
            {", until "}
            <Time at={question.until} ahead />
          </>
        )}
        .
      </p>
      {token !== undefined && <Answer question={question} token={token} {...form} />}
    </section>
  );
}

function Answer({
  question: { run, taskId, mapIndex, options },
  fields,
  sent,
  problems,
  error,
  token,
  back,
}: QuestionFormProps): VNode {
  return (
    <form method="post" action={`/runs/${run}/tasks/${taskId}/answer`} noValidate>
      <input type="hidden" name="_form" value={token} />
      <input type="hidden" name="mapIndex" value={mapIndex} />
      <input type="hidden" name="back" value={back} />
      {error !== null && (
        <p class="refused" role="alert">
          {error}
        </p>
      )}
      <ParamFields fields={fields} sent={sent} problems={problems} />
      <p class="row-buttons">
        {options.length === 0 && (
          <button type="submit" class="button primary">
            Answer
          </button>
        )}
        {options.map((option, index) => (
          <button
            type="submit"
            name="option"
            value={option}
            class={index === 0 ? "button primary" : "button"}
          >
            {option}
          </button>
        ))}
      </p>
    </form>
  );
}
