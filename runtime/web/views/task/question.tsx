/** The question of a task instance: its form while it is open, else its answer. */
import type { VNode } from "preact";
import { QuestionForm, type QuestionFormProps } from "../params/question_form.tsx";
import { Time } from "../parts/time.tsx";

export interface TaskQuestion {
  readonly state: "early" | "open" | "answered" | "timed_out" | "closed";
  readonly answeredBy: string | null;
  readonly answeredAt: Date | null;
  readonly form: QuestionFormProps;
}

export function Question({ state, answeredBy, answeredAt, form }: TaskQuestion): VNode {
  if (state === "open") return <QuestionForm {...form} />;
  return (
    <p class="faint">
      {form.question.subject !== "" && `${form.question.subject} `}
      {answeredBy === null ? WORDS[state] : `Answered by ${answeredBy}, `}
      {answeredBy !== null && <Time at={answeredAt} />}
    </p>
  );
}

const WORDS: Readonly<Record<TaskQuestion["state"], string>> = {
  early: "Answered before it was asked.",
  open: "Open.",
  answered: "Answered.",
  timed_out: "No answer came in time.",
  closed: "Closed without an answer.",
};
