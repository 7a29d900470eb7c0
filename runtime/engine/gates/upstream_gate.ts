/** Upstream tasks that the trigger rule still waits for. */
import { judge } from "../../state/trigger_rule.ts";
import type { Gate, UpstreamTask } from "./gate.ts";

/** Tasks named in one sentence. */
const NAMED = 5;

export const UPSTREAM_GATE: Gate = {
  name: "upstream",
  unmet: ({ run, task, instance, group, upstream, counts }) => {
    if (
      instance !== null ||
      run.state !== "running" ||
      (group !== null && group.state !== "running")
    )
      return [];
    const { triggerRule, each } = task.spec;
    const open = upstream.filter(
      ({ state }) =>
        !["success", "failed", "skipped", "upstream_failed", "removed"].includes(state),
    );
    const isList = each !== null && "taskId" in each && open.length > 0;
    if (judge(triggerRule, counts) !== "wait" && !isList) return [];
    const rule =
      isList && judge(triggerRule, counts) !== "wait"
        ? "its list must be known"
        : `trigger rule ${triggerRule}`;
    return [`waits for ${named(open)} (${rule})`];
  },
};

function named(tasks: readonly UpstreamTask[]): string {
  if (tasks.length === 0) return "its upstream tasks";
  const shown = tasks.slice(0, NAMED).map(({ taskId, state }) => `${taskId} [${state}]`);
  return shown.join(", ") + (tasks.length > NAMED ? ` and ${tasks.length - NAMED} more` : "");
}
