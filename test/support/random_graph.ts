/**
 * DAGs of any shape: plain, empty and mapped tasks under any trigger rule, alone and in
 * groups of every kind.
 */

import { dag } from "../../sdk/dag/dag.ts";
import type { GroupBuilder } from "../../sdk/dag/group_builder.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { type DagSpec, TRIGGER_RULES } from "../../sdk/spec/index.ts";
import type { TaskRef } from "../../sdk/task/task_ref.ts";
import { chain } from "../../sdk/task/wirable.ts";
import fc from "./fast_check.ts";

const task = fc.record({
  upstream: fc.array(fc.nat(5), { maxLength: 3 }),
  triggerRule: fc.constantFrom(...TRIGGER_RULES),
  kind: fc.constantFrom("task", "task", "empty", "mapped", "setup", "teardown", "short circuit"),
  maxActive: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
  /** Begins a group of so many tasks, itself the first. */
  opens: fc.option(
    fc.record({
      kind: fc.constantFrom("plain", "tried", "mapped", "loop"),
      size: fc.integer({ min: 1, max: 3 }),
    }),
    {
      nil: undefined,
      freq: 2,
    },
  ),
});
type Task = typeof task extends fc.Arbitrary<infer T> ? T : never;

let lastDag = 0;
export function specOf(tasks: readonly Task[]): DagSpec {
  lastDag += 1;
  const d = dag(`recount_${lastDag}`);
  new Declaring(tasks).declare(d, 0, tasks.length, false);
  return describeDag(d);
}

type Builder = GroupBuilder<unknown, unknown>;

class Declaring {
  readonly #tasks: readonly Task[];
  readonly #refs: TaskRef<unknown>[] = [];

  constructor(tasks: readonly Task[]) {
    this.#tasks = tasks;
  }

  /**
   * Declares the tasks from one place to before another. @param isMapped they are within
   * a mapped group
   */
  declare(d: Builder, from: number, to: number, isMapped: boolean, opened = -1): void {
    for (let at = from; at < to; ) {
      const { opens } = this.#tasks[at]!;
      if (opens === undefined || at === opened) {
        this.#task(d, at, isMapped);
        at += 1;
        continue;
      }
      const [first, end] = [at, Math.min(to, at + opens.size)];
      const each = isMapped || opens.kind !== "mapped" ? undefined : this.#listFor(first);
      const loop =
        isMapped || opens.kind !== "loop"
          ? undefined
          : { initial: 0, until: () => true, maxIterations: 3 };
      const options = {
        prefix: false,
        ...(opens.kind === "tried" && { retries: 1, retryDelay: "0s" as const }),
        ...(each && { each, ...this.#limitOf(first) }),
        ...(loop && { loop }),
      };
      d.group(
        `g${first}`,
        options as never,
        ((g: Builder) => {
          this.declare(g, first, end, isMapped || each !== undefined || loop !== undefined, first);
          return this.#refs[first];
        }) as never,
      );
      at = end;
    }
  }

  #task(d: Builder, at: number, isMapped: boolean): void {
    const before = this.#before(at);
    const ref = this.#declared(d, at, isMapped);
    for (const one of before) chain(one, ref);
    this.#refs[at] = ref;
  }

  #declared(d: Builder, at: number, isMapped: boolean): TaskRef<unknown> {
    const { kind } = this.#tasks[at]!;
    const [id, options] = [`t${at}`, { triggerRule: this.#ruleOf(at) }];
    const body = async (): Promise<number[]> => [];
    if (kind === "empty") return d.empty(id, options);
    if (kind === "setup") return d.setup(id, options, body);
    if (kind === "teardown") return d.teardown(id, {}, body);
    if (kind === "short circuit") return d.shortCircuit(id, options, body);
    return kind === "mapped" && !isMapped
      ? d.task(id, { ...options, ...this.#limitOf(at), each: this.#listFor(at) }, body)
      : d.task(id, options, body);
  }

  /** A task directly after a setup may have no rule that does without the setup. */
  #ruleOf(at: number): Task["triggerRule"] {
    const { triggerRule, upstream } = this.#tasks[at]!;
    return upstream.some((one) => one < at && this.#tasks[one]!.kind === "setup")
      ? "all_success"
      : triggerRule;
  }

  #before(at: number): readonly TaskRef<unknown>[] {
    return [...new Set(this.#tasks[at]!.upstream.filter((one) => one < at))].map(
      (one) => this.#refs[one]!,
    );
  }

  #listFor(at: number): TaskRef<number[]> | readonly number[] {
    return (this.#before(at)[0] as TaskRef<number[]> | undefined) ?? [1, 2, 3];
  }

  #limitOf(at: number): { readonly maxActive?: number } {
    const { maxActive } = this.#tasks[at]!;
    return maxActive === undefined ? {} : { maxActive };
  }
}

/** The tasks that loops of groups go on with. */
export function loopResults({ tasks }: DagSpec): ReadonlySet<string> {
  return new Set(
    tasks.flatMap(({ each }) =>
      each && "loop" in each && each.loop.result ? [each.loop.result] : [],
    ),
  );
}

export const graph = fc.array(task, { minLength: 1, maxLength: 6 });
