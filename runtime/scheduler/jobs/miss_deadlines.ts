/**
 * Queues the callbacks of deadlines that were missed. Every second, and as soon as the
 * next deadline is due.
 */
import type { Job } from "../../service/loop.ts";
import { missDeadlines, nextDeadlineInMs } from "../../store/waits/deadline.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

export const missDeadlinesJob = ({ db }: JobContext): Job => ({
  name: "miss_deadlines",
  did: "deadlines_missed",
  everyMs: OFTEN_MS,
  runOnce: () => missDeadlines(db),
  nextInMs: () => nextDeadlineInMs(db),
});
