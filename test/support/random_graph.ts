/** DAGs of any shape: plain, empty and mapped tasks under any trigger rule. */
import fc from "fast-check";
import { type Dag, dag } from "../../sdk/dag.ts";
import { describeDag } from "../../sdk/describe.ts";
import { type DagSpec, TRIGGER_RULES } from "../../sdk/spec.ts";
import type { TaskRef } from "../../sdk/task.ts";

const task = fc.record({
  upstream: fc.array(fc.nat(5), { maxLength: 3 }),
  triggerRule: fc.constantFrom(...TRIGGER_RULES),
  kind: fc.constantFrom("task", "empty", "mapped"),
  maxActive: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
});
type Task = typeof task extends fc.Arbitrary<infer T> ? T : never;

let lastDag = 0;
export function specOf(tasks: readonly Task[]): DagSpec {
  lastDag += 1;
  const d = dag(`recount_${lastDag}`);
  const refs: TaskRef<unknown>[] = [];
  for (const [index, { upstream, triggerRule, kind, maxActive }] of tasks.entries()) {
    const before = [...new Set(upstream.filter((at) => at < index))].map((at) => refs[at]!);
    const body = async (): Promise<number[]> => [];
    const each = (before[0] as TaskRef<number[]> | undefined) ?? [1, 2, 3];
    const limit = maxActive === undefined ? {} : { maxActive };
    const ref: TaskRef<unknown> =
      kind === "empty"
        ? d.empty(`t${index}`, { triggerRule })
        : kind === "mapped"
          ? d.task(`t${index}`, { triggerRule, ...limit, each }, body)
          : d.task(`t${index}`, { triggerRule }, body);
    for (const one of before) d.connect(one, ref);
    refs.push(ref);
  }
  return describeDag(d as unknown as Dag<unknown>);
}

export const graph = fc.array(task, { minLength: 1, maxLength: 6 });
