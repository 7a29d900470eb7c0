/** Reads questions as people may see them. */

import type { VisibleTags } from "../../store/reads/dag_tags.ts";
import {
  countOpenQuestions,
  MOST_COUNTED,
  openQuestions,
  type QuestionQuery,
  type QuestionRow,
  questionOf,
} from "../../store/reads/questions.ts";
import type { WebServices } from "../http/services.ts";
import { type Mask, maskRow } from "./mask.ts";

export type { QuestionRow };

/** Texts of tasks are masked; names and the form are those of the DAG file. */
const KEPT = [
  ...(["dagId", "runId", "taskId", "state", "options", "assignees", "tags"] as const),
  ...(["role", "formSchema", "answeredBy"] as const),
];

const shown = (mask: Mask, row: QuestionRow): QuestionRow => maskRow(mask, row, KEPT);

/** Questions of one page of the inbox. */
export const QUESTIONS_PER_PAGE = 50;

/** Open questions, the oldest first, and the id after which the next page begins. */
export async function readOpenQuestions(
  { reader, mask }: WebServices,
  query: QuestionQuery,
): Promise<{ readonly questions: readonly QuestionRow[]; readonly next: number | null }> {
  const found = await openQuestions(reader, query);
  const next = found.length < query.limit ? null : (found.at(-1)?.id ?? null);
  return { questions: found.map((row) => shown(mask, row)), next };
}

/**
 * The question of an instance; null for none.
 * @param withAnswer whether the caller may see values of tasks
 */
export async function readQuestion(
  { reader, mask }: WebServices,
  which: { readonly id: number; readonly taskId: string; readonly mapIndex: number },
  withAnswer: boolean,
): Promise<QuestionRow | null> {
  const found = await questionOf(reader, which.id, which.taskId, which.mapIndex);
  return found && shown(mask, withAnswer ? found : { ...found, answer: null });
}

/**
 * How many questions are open in the DAGs that the caller may see, as text; empty for
 * none.
 */
export async function readOpenCount(
  { reader }: WebServices,
  visible: VisibleTags,
): Promise<string> {
  const count = await countOpenQuestions(reader, visible);
  if (count === 0) return "";
  return count > MOST_COUNTED ? `${MOST_COUNTED}+` : String(count);
}
