/**
 * Waits of the task itself: a sensor's next poke, a time, a run of another DAG, an event.
 */
import { waitSentence } from "../../state/wait.ts";
import type { Gate } from "./gate.ts";

export const WAIT_GATE: Gate = {
  name: "wait",
  unmet: ({ instance, run }) => {
    if (!instance?.wait) return [];
    const scheduler =
      run.schedulers === 0 ? ["no scheduler is alive to end the wait: dag scheduler"] : [];
    return [waitSentence(instance.wait), ...scheduler];
  },
};
