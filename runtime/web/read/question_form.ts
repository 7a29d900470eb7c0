/** What a page shows of a question: its text, and the fields of its form. */
import { answererText } from "../../access/answering.ts";
import type { QuestionRow } from "../../store/reads/questions.ts";
import type { ParamField } from "../params/param_field.ts";
import { paramFields } from "../params/param_fields.ts";

/** A question without what was typed into its form. */
export interface ShownQuestion {
  readonly question: {
    /** The number of the run. */
    readonly run: number;
    readonly taskId: string;
    readonly mapIndex: number;
    readonly subject: string;
    readonly body: string | null;
    readonly options: readonly string[];
    /** Who may answer, in words. */
    readonly who: string;
    readonly until: Date | null;
  };
  readonly fields: readonly ParamField[];
}

export function shownQuestion(row: QuestionRow): ShownQuestion {
  const { run, taskId, mapIndex, subject, body, options, until } = row;
  return {
    question: {
      ...{ run, taskId, mapIndex, body, options, until },
      ...{ subject: subject ?? "", who: answererText(row) },
    },
    fields: paramFields(row.formSchema),
  };
}
