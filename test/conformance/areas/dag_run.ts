/**
 * How far a run is, and which tasks decide it: the engine evaluates a run whose tasks are
 * in the states of the case.
 */
import { z } from "zod";
import { MemoryStore } from "../../../runtime/engine/memory/store.ts";
import type { Plan } from "../../../runtime/engine/plan/plan.ts";
import { planOf } from "../../../runtime/engine/plan/plan_of.ts";
import { TASK_STATES, type TaskState } from "../../../runtime/state/task_state.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { TRIGGER_RULES } from "../../../sdk/spec/index.ts";
import type { TaskRef } from "../../../sdk/task/task_ref.ts";
import { area, NotSupported, sameWhereExpected } from "../area.ts";
import { evaluateRun } from "../evaluate.ts";
import { wire } from "./graph.ts";

const TASK = z.object({
  id: z.string(),
  upstream: z.array(z.string()),
  trigger_rule: z.enum(TRIGGER_RULES).optional(),
  setup: z.boolean().optional(),
  teardown: z.boolean().optional(),
  on_failure_fail_dagrun: z.boolean().optional(),
});
type TaskInput = z.infer<typeof TASK>;
const DAG = z.object({ tasks: z.array(TASK).min(1) });

function planFor(tasks: readonly TaskInput[]): Plan {
  const d = dag("case");
  wire(tasks, (task) => declare(d, task));
  return planOf(describeDag(d));
}

function declare(d: Dag<Readonly<Record<string, never>>>, task: TaskInput): TaskRef<unknown> {
  const options = task.trigger_rule ? { triggerRule: task.trigger_rule } : {};
  const body = (): null => null;
  if (task.teardown)
    return d.teardown(task.id, { onFailureFailDagRun: task.on_failure_fail_dagrun ?? false }, body);
  return task.setup ? d.setup(task.id, options, body) : d.task(task.id, options, body);
}

export const dagRunLeaves = area(
  DAG,
  ({ tasks }) => ({
    leaves: [...planFor(tasks).tasks.values()]
      .filter(({ isLeaf }) => isLeaf)
      .map(({ spec }) => spec.taskId),
  }),
  (expect, got) =>
    sameWhereExpected({ leaves: sorted(expect.leaves) }, { leaves: sorted(got.leaves) }),
);

const STATES = z.record(z.string(), z.string());

export const dagRunState = area(
  DAG.extend({ states: STATES }),
  async ({ tasks, states }) => {
    const given = Object.entries(states).filter(([, state]) => state !== "none");
    const store = new MemoryStore(planFor(tasks));
    const found = await evaluateRun(
      store,
      Object.fromEntries(given.map(([taskId, state]) => [taskId, stateOf(state)])),
    );
    return { run_state: found.runState, task_states: found.states, ready: found.ready };
  },
  (expect, got) =>
    sameWhereExpected(
      { ...expect, ready: sorted(expect.ready) },
      { ...got, ready: sorted(got.ready) },
    ),
);

function sorted(names: unknown): readonly unknown[] {
  return [names].flat().sort();
}

/** What is unfinished is all one to the rules, whatever the product calls it. */
const UNFINISHED: Readonly<Record<string, TaskState>> = {
  up_for_reschedule: "up_for_retry",
  deferred: "running",
  restarting: "running",
};

function stateOf(name: string): TaskState {
  const state = TASK_STATES.find((known) => known === name) ?? UNFINISHED[name];
  if (!state) throw new NotSupported(`an instance that is ${name}`);
  return state;
}
