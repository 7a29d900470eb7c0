/**
 * Which tasks a branch or a short circuit skips, by the plan of a DAG with the edges of
 * the case.
 */
import { z } from "zod";
import { decisionError, skippedByBranch } from "../../../runtime/engine/plan/branch_tasks.ts";
import { type Plan, plannedTask } from "../../../runtime/engine/plan/plan.ts";
import { planOf } from "../../../runtime/engine/plan/plan_of.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { TRIGGER_RULES } from "../../../sdk/spec/index.ts";
import type { TaskRef } from "../../../sdk/task/task_ref.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import { type Answer, area, sameWhereExpected } from "../area.ts";

type Builder = Dag<Readonly<Record<string, never>>>;
type Declare = (d: Builder, taskId: string) => TaskRef<unknown>;

const EDGES = z.array(z.tuple([z.string(), z.string()]));

function planFor(edges: z.infer<typeof EDGES>, declare: Declare): Plan {
  const d = dag("case");
  const refs = new Map([...new Set(edges.flat())].map((taskId) => [taskId, declare(d, taskId)]));
  for (const [before, after] of edges) {
    const [from, to] = [refs.get(before), refs.get(after)];
    if (from && to) chain(from, to);
  }
  return planOf(describeDag(d));
}

const inAnyOrder = (expect: Answer, got: Answer): boolean =>
  sameWhereExpected(ordered(expect), ordered(got));

function ordered(answer: Answer): Answer {
  return Object.fromEntries(
    Object.entries(answer).map(([field, names]) => [field, [names].flat().sort()]),
  );
}

export const branch = area(
  z.object({ edges: EDGES, branch: z.string(), chosen: z.array(z.string()) }),
  ({ edges, branch: id, chosen }) => {
    const plan = planFor(edges, (d, taskId) =>
      taskId === id ? d.branch(taskId, () => chosen) : d.empty(taskId),
    );
    const task = plannedTask(plan, id).spec;
    const refused = decisionError(plan, task, JSON.stringify(chosen));
    if (refused) return { error: refused.code };
    const skipped = skippedByBranch(plan, id, chosen);
    return {
      skipped_by_operator: skipped,
      followed: plan.tasks.get(id)?.downstream.filter((child) => !skipped.includes(child)),
    };
  },
  // Airflow says it in other words.
  (expect, got) => ("error" in expect ? got.error !== undefined : inAnyOrder(expect, got)),
);

/**
 * The rules and kinds of the other tasks come as `<task>_trigger_rule`, `<task>_setup`
 * and `<task>_teardown`.
 */
const SHORT_CIRCUIT = z.looseObject({
  edges: EDGES.min(1),
  short_circuit: z.string().optional(),
  condition: z.json(),
  ignore_downstream_trigger_rules: z.boolean(),
});

export const shortCircuit = area(
  SHORT_CIRCUIT,
  (input) => {
    const id = input.short_circuit ?? rootOf(input.edges);
    const ignoreDownstreamTriggerRules = input.ignore_downstream_trigger_rules;
    const plan = planFor(input.edges, (d, taskId) =>
      taskId === id
        ? d.shortCircuit(taskId, { ignoreDownstreamTriggerRules }, () => null)
        : other(d, taskId, input),
    );
    return { skipped_by_operator: skippedByBranch(plan, id, input.condition) };
  },
  inAnyOrder,
);

/** The task that nothing comes before. */
function rootOf(edges: z.infer<typeof EDGES>): string {
  const [first] = edges
    .map(([before]) => before)
    .filter((taskId) => !edges.some(([, after]) => after === taskId));
  return first ?? "";
}

function other(
  d: Builder,
  taskId: string,
  input: Readonly<Record<string, unknown>>,
): TaskRef<unknown> {
  if (input[`${taskId}_teardown`] === true) return d.teardown(taskId, {}, () => null);
  const triggerRule = TRIGGER_RULES.find((rule) => rule === input[`${taskId}_trigger_rule`]);
  return d.task(taskId, triggerRule ? { triggerRule } : {}, () => null);
}
