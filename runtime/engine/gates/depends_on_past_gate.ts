/**
 * The run before: a task may wait for the end of the same task in it (depends_on_past).
 */
import type { Gate } from "./gate.ts";

export const PAST_GATE: Gate = {
  name: "past",
  unmet: ({ run, task, instance, waitsForDependsOnPast }) => {
    if (!waitsForDependsOnPast || instance !== null || run.state !== "running") return [];
    const { taskId, waitForDownstream } = task.spec;
    const whom = waitForDownstream ? `${taskId}, and its direct downstream tasks,` : taskId;
    const rule = waitForDownstream ? "waitForDownstream" : "dependsOnPast";
    return [`waits for ${whom} to end as success or skipped in the run before (${rule})`];
  },
};
