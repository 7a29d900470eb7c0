/** Tasks before a task that it still waits for. */
import { isFinal } from "../../state/task_state.ts";
import { judge, judgeAll } from "../../state/trigger_rule.ts";
import type { Gate, UpstreamTask, WaitingFacts } from "./gate.ts";

/** Tasks named in one sentence. */
const NAMED = 5;

export const UPSTREAM_GATE: Gate = {
  name: "upstream",
  unmet: (facts) => {
    if (!isAsked(facts)) return [];
    const { task, upstream, further, counts } = facts;
    const { triggerRule } = task.spec;
    if (judge(triggerRule, counts.upstream) === "wait")
      return [waitsFor(upstream, `trigger rule ${triggerRule}`)];
    if (needsList(facts)) return [waitsFor(upstream, "its list must be known")];
    const isTeardown = task.spec.kind?.type === "teardown";
    return judgeAll(task.spec, counts) === "wait"
      ? [waitsFor(further, isTeardown ? "in its scope" : "setups that it needs")]
      : [];
  },
};

function isAsked({ run, instance, group }: WaitingFacts): boolean {
  return (
    instance === null && run.state === "running" && (group === null || group.state === "running")
  );
}

function needsList({ task: { spec }, upstream }: WaitingFacts): boolean {
  return spec.each !== null && "taskId" in spec.each && upstream.some(isOpen);
}

function waitsFor(tasks: readonly UpstreamTask[], why: string): string {
  return `waits for ${named(tasks.filter(isOpen))} (${why})`;
}

function isOpen({ state }: UpstreamTask): boolean {
  return !isFinal(state);
}

function named(tasks: readonly UpstreamTask[]): string {
  if (tasks.length === 0) return "its upstream tasks";
  const shown = tasks.slice(0, NAMED).map(({ taskId, state }) => `${taskId} [${state}]`);
  return shown.join(", ") + (tasks.length > NAMED ? ` and ${tasks.length - NAMED} more` : "");
}
