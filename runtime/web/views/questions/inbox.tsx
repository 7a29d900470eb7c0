/** The inbox: the open questions of all DAGs, each with its form. */
import type { VNode } from "preact";
import { QuestionForm, type QuestionFormProps } from "../params/question_form.tsx";
import { Id } from "../parts/id.tsx";
import { Time } from "../parts/time.tsx";

/** A question, and the run that asks it. */
export interface InboxQuestion extends QuestionFormProps {
  readonly dagId: string;
  readonly runId: string;
  readonly askedAt: Date | null;
}

export interface InboxProps {
  readonly questions: readonly InboxQuestion[];
  /** The address of the next page; null on the last. */
  readonly next: string | null;
}

export function Inbox({ questions, next }: InboxProps): VNode {
  return (
    <>
      <div class="title">
        <h1>Inbox</h1>
      </div>
      <div id="inbox" data-live>
        {questions.length === 0 && (
          <p class="nothing">
            No task asks anything. The questions of <code>d.ask</code> wait here for an answer.
          </p>
        )}
        {questions.map((question) => (
          <article class="asked" data-key={keyOf(question)}>
            <p class="faint">
              <Where {...question} />
              {" asked "}
              <Time at={question.askedAt} />
            </p>
            <QuestionForm {...question} />
          </article>
        ))}
      </div>
      {next !== null && (
        <p class="pages">
          <a class="button" href={next}>
            More
          </a>
        </p>
      )}
    </>
  );
}

/** A question keeps its form, with what was typed, when others come and go. */
function keyOf({ question: { run, taskId, mapIndex } }: InboxQuestion): string {
  return `${run}/${taskId}/${mapIndex}`;
}

function Where({ dagId, runId, question }: InboxQuestion): VNode {
  const { run, taskId, mapIndex } = question;
  const isMapped = mapIndex >= 0;
  return (
    <>
      <a href={`/runs/${run}/tasks/${taskId}${isMapped ? `/${mapIndex}` : ""}`}>
        <Id text={isMapped ? `${taskId} [${mapIndex}]` : taskId} />
      </a>
      {" of run "}
      <a href={`/runs/${run}`}>
        <Id text={runId} />
      </a>
      {" of "}
      <a href={`/dags/${dagId}`}>
        <Id text={dagId} />
      </a>
    </>
  );
}
