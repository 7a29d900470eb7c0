/** Workers: a live worker must serve the queue of the task and have a free slot. */
import { DEFAULT_QUEUE } from "../../../sdk/spec/index.ts";
import { counted, type Gate } from "./gate.ts";

export const WORKER_GATE: Gate = {
  name: "worker",
  unmet: ({ instance, task, workers, now }) => {
    const isDue =
      instance?.state === "up_for_retry" &&
      instance.slotRequest === null &&
      (instance.retryAt ?? now) <= now;
    if (
      !task.route.needsWorker ||
      instance?.slotRequest !== null ||
      !(instance.state === "queued" || isDue)
    )
      return [];
    const { alive, serving, slots, busy } = workers;
    const queue = task.route.queue ?? DEFAULT_QUEUE;
    if (alive === 0) return ["no worker is alive: dag worker"];
    if (serving === 0)
      return [`no live worker serves the queue "${queue}": dag worker --queues ${queue}`];
    if (busy >= slots)
      return [
        `all ${counted(slots, "slot")} of the ${counted(serving, "worker")} for its queue are busy`,
      ];
    return ["waits for a worker to claim it"];
  },
};
