/** Groups: a task in a group is instantiated only while the group runs. */
import type { Gate } from "./gate.ts";

export const GROUP_GATE: Gate = {
  name: "group",
  unmet: ({ run, instance, group }) =>
    instance === null && run.state === "running" && group !== null && group.state !== "running"
      ? [`waits for its group ${group.taskId} [${group.state}] to start`]
      : [],
};
