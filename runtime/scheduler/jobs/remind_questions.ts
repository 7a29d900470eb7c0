/**
 * Calls `onAsk` again for open questions that have a reminder. Every second: one look at
 * an index over their times.
 */
import type { Job } from "../../service/loop.ts";
import type { Database } from "../../store/database/database.ts";
import { remindQuestions } from "../../store/waits/question.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

/** Reminders of one statement. */
const BATCH = 1_000;

/** @returns how many reminders were due */
export async function remind(db: Database): Promise<number> {
  for (let reminded = 0; ; ) {
    const found = await remindQuestions(db, BATCH);
    reminded += found;
    if (found < BATCH) return reminded;
  }
}

export const remindQuestionsJob = ({ db }: JobContext): Job => ({
  name: "remind_questions",
  everyMs: OFTEN_MS,
  runOnce: () => remind(db),
});
