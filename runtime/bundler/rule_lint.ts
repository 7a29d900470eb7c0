/**
 * Finds trigger rules of a DAG that can never be met, or that have no effect, with the
 * same functions that the engine uses. They are warnings: the DAG runs, but not as its
 * author meant.
 */
import type { TaskSpec, TriggerRule } from "../../sdk/spec/index.ts";
import { COUNT_OF, NOTHING } from "../engine/counts/counts.ts";
import { siblingOf, skippedByBranch } from "../engine/plan/branch_tasks.ts";
import { allAfter } from "../engine/plan/graph.ts";
import type { Plan, PlannedTask } from "../engine/plan/plan.ts";
import { planOf } from "../engine/plan/plan_of.ts";
import { judge, type RuleOutcome } from "../state/trigger_rule.ts";
import type { FileFacts } from "./facts.ts";
import type { DagVersion, ImportWarning } from "./version.ts";

/**
 * Rules that wait for a state of upstream tasks; without upstream tasks they are met at
 * once.
 */
const LOOKING: readonly TriggerRule[] = [
  "one_failed",
  "all_failed",
  "all_skipped",
  "one_success",
  "one_done",
];

/** The warnings about the rules of the DAGs in a file. */
export function ruleWarnings(
  versions: readonly DagVersion[],
  facts: FileFacts | undefined,
): readonly ImportWarning[] {
  return versions.flatMap((version) => [
    ...version.spec.tasks
      .filter(saysNothing)
      .map((task) => warn(version, task.taskId, "RULE_WITHOUT_UPSTREAM", pointless(task))),
    ...neverRun(version),
    ...(facts ? strayChoices(version, facts) : []),
  ]);
}

function saysNothing({ upstream, triggerRule }: TaskSpec): boolean {
  return upstream.length === 0 && LOOKING.includes(triggerRule);
}

function pointless({ taskId, triggerRule, parentGroup, kind }: TaskSpec): string {
  if (parentGroup !== undefined && kind?.type !== "group")
    return `Task "${taskId}" has the trigger rule ${triggerRule} and no upstream task within group "${parentGroup}", so it always runs. Upstream tasks outside are upstream of the group: set the group's own triggerRule.`;
  return `Task "${taskId}" has the trigger rule ${triggerRule} and no upstream task, so it always runs. Wire it downstream of the tasks that the rule is about.`;
}

/** Tasks that are skipped whatever a branch or switch chooses. */
function neverRun(version: DagVersion): readonly ImportWarning[] {
  if (!version.spec.tasks.some(({ kind }) => kind?.type === "branch" || kind?.type === "switch"))
    return [];
  const plan = planOf(version.spec);
  return [...plan.tasks.values()].flatMap((decider) => {
    const ways = waysOf(decider);
    if (ways.length < 2) return [];
    const runs = ways.map((way) =>
      statesAfter(plan, new Set(skippedByBranch(plan, decider.spec.taskId, way))),
    );
    const usual = statesAfter(plan, new Set());
    const never = version.spec.tasks.filter(
      ({ taskId }) =>
        usual.get(taskId) === "run" && runs.every((states) => states.get(taskId) === "skip"),
    );
    // Tasks after such a task are skipped because of it.
    const first = never.filter(
      ({ upstream }) => !upstream.some((before) => never.some((task) => task.taskId === before)),
    );
    return first.map((task) =>
      warn(version, task.taskId, "NEVER_RUNS", excluded(task, decider.spec)),
    );
  });
}

/** The possible outputs of a branch that choose one task each. */
function waysOf({
  spec: { kind },
  downstream,
}: PlannedTask): readonly (string | readonly string[])[] {
  if (kind?.type === "switch") return Object.keys(kind.cases);
  return kind?.type === "branch" ? downstream.map((child) => [child]) : [];
}

/**
 * The state of each task when these tasks are skipped by a branch and every other task
 * succeeds if it can.
 */
function statesAfter(plan: Plan, passed: ReadonlySet<string>): ReadonlyMap<string, RuleOutcome> {
  const outcomes = new Map<string, RuleOutcome>();
  for (const { spec } of plan.tasks.values()) {
    const counts = { ...NOTHING, total: spec.upstream.length };
    for (const before of spec.upstream)
      counts[COUNT_OF[STATE_OF[outcomes.get(before) ?? "run"]]] += 1;
    outcomes.set(spec.taskId, passed.has(spec.taskId) ? "skip" : judge(spec.triggerRule, counts));
  }
  return outcomes;
}

const STATE_OF = {
  run: "success",
  wait: "success",
  skip: "skipped",
  upstream_failed: "upstream_failed",
} as const;

function excluded({ taskId, triggerRule }: TaskSpec, { taskId: decider, kind }: TaskSpec): string {
  const when =
    kind?.type === "switch"
      ? `whichever case "${decider}" chooses`
      : `unless "${decider}" chooses several tasks at once`;
  return `Task "${taskId}" (${triggerRule}) is skipped ${when}: it waits for tasks that exclude each other. Did you mean triggerRule: "none_failed_min_one_success"?`;
}

/** Literal choices of a branch that are not downstream of it. */
function strayChoices(version: DagVersion, { branches }: FileFacts): readonly ImportWarning[] {
  if (branches.length === 0) return [];
  const plan = planOf(version.spec);
  return branches.flatMap(({ id, choices }) => {
    const task = typeof id === "string" ? plan.tasks.get(id) : undefined;
    if (task?.spec.kind?.type !== "branch") return [];
    const after = allAfter(plan, [task.spec.taskId]);
    return choices
      .filter((choice) => !after.has(siblingOf(plan, task.spec, choice.id)))
      .map((choice) => ({
        ...warn(version, task.spec.taskId, "UNKNOWN_BRANCH", stray(task.spec, choice.id, after)),
        line: choice.line,
      }));
  });
}

function stray({ taskId }: TaskSpec, chosen: string, after: ReadonlySet<string>): string {
  return `Branch "${taskId}" chooses "${chosen}", which is not downstream of it; it would fail. Downstream are: ${[...after].join(", ") || "no tasks"}.`;
}

function warn(
  { file, positions, position }: DagVersion,
  taskId: string,
  code: ImportWarning["code"],
  message: string,
): ImportWarning {
  return { file, line: positions[taskId]?.line ?? position?.line ?? null, code, message };
}
