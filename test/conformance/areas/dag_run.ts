/**
 * How far a run is: tasks are put into the states of the case, as a store's rows would be, and one round of the engine follows from there.
 */
import { z } from "zod";
import { Advance, type Settled } from "../../../runtime/engine/advance.ts";
import { begin } from "../../../runtime/engine/begin.ts";
import { type Plan, planOf } from "../../../runtime/engine/plan.ts";
import { isFinal, TASK_STATES, type TaskState, type Transition } from "../../../runtime/state/task_state.ts";
import { type MemoryInstance, MemoryStore } from "../../../runtime/store/memory.ts";
import { chain, dag } from "../../../sdk/dag.ts";
import { describeDag } from "../../../sdk/describe.ts";
import { TRIGGER_RULES } from "../../../sdk/spec.ts";
import type { TaskDefaults } from "../../../sdk/task.ts";
import { area, NotSupported, sameWhereExpected } from "../area.ts";

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
  const refs = new Map(tasks.map((task) => [task.id, d.task(task.id, optionsOf(task), () => null)]));
  for (const { id, upstream } of tasks) {
    for (const before of upstream) {
      const [from, to] = [refs.get(before), refs.get(id)];
      if (from && to) chain(from, to);
    }
  }
  return planOf(describeDag(d));
}

function optionsOf({ trigger_rule: triggerRule, setup, teardown }: TaskInput): TaskDefaults {
  if (setup || teardown) throw new NotSupported("setup and teardown");
  return triggerRule ? { triggerRule } : {};
}

export const dagRunLeaves = area(
  DAG,
  ({ tasks }) => ({ leaves: [...planFor(tasks).tasks.values()].filter(({ isLeaf }) => isLeaf).map(({ spec }) => spec.taskId) }),
  (expect, got) => sameWhereExpected({ leaves: sorted(expect.leaves) }, { leaves: sorted(got.leaves) }),
);

const STATES = z.record(z.string(), z.string());

export const dagRunState = area(
  DAG.extend({ states: STATES }),
  async ({ tasks, states }) => {
    const store = new MemoryStore(planFor(tasks));
    await begin(store, [store.run]);
    const given = new Map(
      Object.entries(states).flatMap(([taskId, state]) => (state === "none" ? [] : [[taskId, stateOf(state)] as const])),
    );
    await follow(store, await put(store, given));
    const stateIn = (taskId: string): TaskState | undefined => store.instances.find((instance) => instance.taskId === taskId)?.state;
    // The engine queues at once what a scheduler would find ready.
    const ready = tasks.filter(({ id }) => !given.has(id) && stateIn(id) === "queued").map(({ id }) => id);
    const shown = tasks.map(({ id }) => [id, ready.includes(id) ? "none" : (stateIn(id) ?? "none")]);
    return { run_state: store.run.state, task_states: Object.fromEntries(shown), ready };
  },
  (expect, got) => sameWhereExpected({ ...expect, ready: sorted(expect.ready) }, { ...got, ready: sorted(got.ready) }),
);

function sorted(names: unknown): readonly unknown[] {
  return [names].flat().sort();
}

function stateOf(name: string): TaskState {
  const state = TASK_STATES.find((known) => known === name);
  if (!state) throw new NotSupported(`an instance that is ${name}`);
  return state;
}

/** Puts instances into states. @returns those that are final */
async function put(store: MemoryStore, given: ReadonlyMap<string, TaskState>): Promise<readonly Settled[]> {
  const runId = store.run.id;
  const held = new Set(store.instances.map(({ taskId }) => taskId));
  const made = [...given.keys()].filter((taskId) => !held.has(taskId));
  await store.commitDecisions({
    instances: made.map((taskId) => ({ runId, taskId, mapIndex: -1, state: "queued", item: null, reason: null, error: null })),
    decided: made.map((taskId) => ({ runId, taskId, instances: null, released: 0 })),
    ...{ tokens: [], releases: [], runs: [] },
  });
  await store.apply(store.instances.flatMap((instance) => moveTo(instance, given.get(instance.taskId))));
  return [...given].flatMap(([taskId, state]) => (isFinal(state) ? [{ runId, taskId, mapIndex: -1, state }] : []));
}

/** A move that no verb makes: what led to the state is not part of the case. */
function moveTo({ id, tryNumber, state }: MemoryInstance, to: TaskState | undefined): readonly Transition[] {
  if (to === undefined) return [];
  const still = { heldBy: null, workerId: null, retryInMs: null, reason: null, error: null, history: null };
  return [{ instanceId: id, tryNumber, nextTry: tryNumber, from: [state], to, ...still }];
}

async function follow(store: MemoryStore, settled: readonly Settled[]): Promise<void> {
  const advance = new Advance(store, [store.run]);
  await advance.follow(settled);
  await advance.commit();
}
