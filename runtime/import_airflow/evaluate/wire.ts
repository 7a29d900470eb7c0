/** Edges between tasks and groups. */
import { tableOf } from "../table_of.ts";
import type { Call, Machine } from "./machine.ts";
import { dagOf, type PythonNode, type PythonTask, tasksIn } from "./python_dag.ts";
import type { Value } from "./value.ts";

/** The tasks and groups in a value: of a list, those of its items. */
export function nodesOf(value: Value): readonly PythonNode[] {
  if (value.kind === "node") return [value.node];
  if (value.kind === "output") return [value.task];
  if (value.kind === "list") return value.items.flatMap(nodesOf);
  return value.kind === "dict" ? [...value.entries.values()].flatMap(nodesOf) : [];
}

/** Adds edges from each of the first to each of the second. */
export function connect(upstream: readonly PythonNode[], downstream: readonly PythonNode[]): void {
  for (const from of upstream) for (const to of downstream) connectTwo(from, to);
}

function connectTwo(from: PythonNode, to: PythonNode): void {
  const { edges } = dagOf(from);
  if (from === to || dagOf(to) !== dagOf(from)) return;
  if (!edges.some((edge) => edge.from === from && edge.to === to)) edges.push({ from, to });
}

/** `left >> right` and `left << right`; undefined when neither side has a task. */
export function shifted(operator: string, left: Value, right: Value): Value | undefined {
  const [first, second] = [nodesOf(left), nodesOf(right)];
  if (operator !== ">>" && operator !== "<<") return undefined;
  // A label on an edge, or an empty list: the next step is wired to the step before.
  if (second.length === 0) return first.length === 0 ? undefined : left;
  if (operator === ">>") connect(first, second);
  else connect(second, first);
  return right;
}

/** `chain`, `chain_linear` and `cross_downstream`. */
export const WIRING: Readonly<Record<string, (call: Call) => void>> = tableOf({
  chain: ({ args }) =>
    inPairs(args, (from, to) => {
      const [first, second] = [nodesOf(from), nodesOf(to)];
      const bothLists = from.kind === "list" && to.kind === "list";
      if (!bothLists) connect(first, second);
      else for (const [at, node] of first.entries()) connect([node], second.slice(at, at + 1));
    }),
  chain_linear: ({ args }) => inPairs(args, (from, to) => connect(nodesOf(from), nodesOf(to))),
  cross_downstream: ({ args, named }) => {
    const [from = named.get("from_tasks"), to = named.get("to_tasks")] = args;
    if (from && to) connect(nodesOf(from), nodesOf(to));
  },
});

function inPairs(steps: readonly Value[], join: (from: Value, to: Value) => void): void {
  const wanted = steps.filter((step) => nodesOf(step).length > 0);
  for (const [index, from] of wanted.slice(0, -1).entries()) join(from, wanted[index + 1] as Value);
}

/** Tasks made in the `with` of a teardown stand between its setups and the teardown. */
export function wireAround<Result>(
  { containers }: Machine,
  task: PythonTask,
  step: () => Result,
): Result {
  const container = containers.at(-1) ?? dagOf(task);
  const before = new Set<PythonTask>(tasksIn(container));
  const result = step();
  const made = tasksIn(container).filter((one) => !before.has(one));
  if (task.role === "teardown") connect(task.setups, made);
  if (task.role === "setup") connect([task], made);
  else connect(made, [task]);
  return result;
}
