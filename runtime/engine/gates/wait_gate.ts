/**
 * Waits of the task itself: a sensor's next poke, a time, a run of another DAG, an event,
 * an answer.
 */
import { answererText } from "../../access/answering.ts";
import { waitSentence } from "../../state/wait.ts";
import type { PlannedTask } from "../plan/plan.ts";
import type { Gate } from "./gate.ts";

export const WAIT_GATE: Gate = {
  name: "wait",
  unmet: ({ instance, run, task }) => {
    if (!instance?.wait) return [];
    const scheduler =
      run.schedulers === 0 ? ["no scheduler is alive to end the wait: dag scheduler"] : [];
    return [waitSentence(instance.wait), ...answerers(task), ...scheduler];
  },
};

function answerers({ spec: { ask } }: PlannedTask): readonly string[] {
  return ask ? [`may be answered by ${answererText(ask)}, on the page or by dag answer`] : [];
}
