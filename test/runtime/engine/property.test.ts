/** Any graph, any rules, any ends in any order: both stores agree, and every run ends. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isFinal } from "../../../runtime/state/task_state.ts";
import { type Dag, dag } from "../../../sdk/dag.ts";
import { describeDag } from "../../../sdk/describe.ts";
import { concat, cross, type Items, zip } from "../../../sdk/items.ts";
import { type DagSpec, TRIGGER_RULES } from "../../../sdk/spec.ts";
import type { TaskRef } from "../../../sdk/task.ts";
import {
  type BeginRun,
  beginInMemory,
  beginInPostgres,
  failed,
  play,
  type Script,
  type Snapshot,
  skipped,
  success,
} from "../../support/engine_driver.ts";
import { migratedDatabase } from "../../support/migrated.ts";

const postgres = migratedDatabase();

const task = fc.record({
  /** Which of the tasks before it come directly before it. */
  upstream: fc.array(fc.nat(6), { maxLength: 3 }),
  rule: fc.constantFrom(...TRIGGER_RULES),
  kind: fc.constantFrom(
    ...(["task", "task", "empty", "mapped over items", "mapped over a task", "mapped over several"] as const),
    ...(["setup", "teardown", "branch", "short circuit"] as const),
  ),
  allowFailure: fc.boolean(),
  retries: fc.nat(1),
  items: fc.nat(3),
  maxActive: fc.option(fc.integer({ min: 1, max: 2 })),
});
type Task = typeof task extends fc.Arbitrary<infer T> ? T : never;
const graph = fc.array(task, { minLength: 1, maxLength: 8 });

/** Combinations of combinations would grow beyond what a test can hold; longer lists fail their task, which is one more way to end. */
const MOST_ITEMS = 40;

let lastDag = 0;
function specOf(tasks: readonly Task[], failFast: boolean): DagSpec {
  lastDag += 1;
  const d = dag(`random_${lastDag}`, { failFast });
  const refs: TaskRef<unknown>[] = [];
  for (const [index, { upstream, rule: drawn, kind, retries, items, maxActive, allowFailure }] of tasks.entries()) {
    const before = [...new Set(upstream.filter((at) => at < index))].map((at) => refs[at]!);
    const rule = failFast ? "all_success" : drawn;
    const options = { triggerRule: rule, retries, retryDelay: "0s" } as const;
    const mapped = { ...options, ...(maxActive === null ? {} : { maxActive }) };
    const body = async (): Promise<number[]> => [];
    const source = before[0] as TaskRef<number[]> | undefined;
    const ref: TaskRef<unknown> =
      kind === "empty"
        ? d.empty(`t${index}`, { triggerRule: rule })
        : kind === "mapped over items"
          ? d.task(`t${index}`, { ...mapped, each: [...Array(items).keys()] }, body)
          : kind === "mapped over a task" && source
            ? d.task(`t${index}`, { ...mapped, each: source }, body)
            : kind === "mapped over several" && source
              ? d.task(
                  `t${index}`,
                  { ...mapped, maxItems: MOST_ITEMS, each: several(source, before.at(-1) as TaskRef<number[]>, items) },
                  body,
                )
              : kind === "setup"
                ? d.setup(`t${index}`, options, body)
                : kind === "teardown"
                  ? d.teardown(`t${index}`, { retries, retryDelay: "0s", onFailureFailDagrun: allowFailure }, body)
                  : kind === "branch"
                    ? d.branch(`t${index}`, options, () => [])
                    : kind === "short circuit"
                      ? d.shortCircuit(`t${index}`, { ...options, ignoreDownstreamTriggerRules: allowFailure }, body)
                      : d.task(`t${index}`, { ...options, allowFailure }, body);
    for (const one of before) d.connect(one, ref);
    refs.push(ref);
  }
  return describeDag(d as unknown as Dag<unknown>);
}

/** Lists put together in every way, from two tasks that may be one. */
function several(one: TaskRef<number[]>, other: TaskRef<number[]>, items: number): Items<unknown> {
  const literal = [...Array(items).keys()];
  if (items === 0) return zip([one, other], { fillValue: null });
  if (items === 1) return concat(one, literal, other);
  return items === 2 ? cross({ one, literal }) : concat(cross({ one, other }), zip([literal, other]));
}

/** How a try ends and which is taken next follow from the numbers drawn, the same in both stores. */
function playWith(spec: DagSpec, seed: readonly number[]): { readonly script: Script; readonly pick: (n: number) => number } {
  const draw = (n: number): number => seed[Math.abs(n) % seed.length] ?? 0;
  const operatorOf = new Map(spec.tasks.map(({ taskId, operator }) => [taskId, operator]));
  const script: Script = ({ taskId, mapIndex, tryNumber }) => {
    const at = draw(Number(taskId.slice(1)) * 7 + (mapIndex + 1) * 3 + tryNumber);
    if (operatorOf.get(taskId) === "branch") return success([...Array(at).keys()].map((n) => `t${n}`));
    if (at < 5) return success([...Array(at).keys()]);
    if (at < 6) return success();
    if (at === 9 && mapIndex >= 0) return { kind: "skipped", reason: "no item of the list", leftOut: true };
    return at < 8 ? failed() : skipped;
  };
  return { script, pick: draw };
}

async function outcomeOf(begin: BeginRun, spec: DagSpec, seed: readonly number[]): Promise<Snapshot> {
  const driver = await begin(spec);
  const { script, pick } = playWith(spec, seed);
  let step = 0;
  const end = await play(driver, script, {
    pick: (among) => {
      const sorted = among.toSorted((a, b) => a.taskId.localeCompare(b.taskId) || a.mapIndex - b.mapIndex);
      step += 1;
      return sorted[pick(step) % sorted.length]!;
    },
  });
  const tokens = await driver.tokens();
  expect(new Set(tokens).size, "a token came twice").toBe(tokens.length);
  for (const { id, tryNumber } of end.instances) {
    const own = tokens.filter((token) => token.startsWith(`${id}#`));
    const each = Array.from({ length: tryNumber }, (_, before) => `${id}#${before + 1}`);
    expect([[], each], "one token for each try, or none at all").toContainEqual(own);
  }
  return end;
}

const comparable = ({ run, openTasks, instances }: Snapshot) => ({
  run,
  openTasks,
  instances: instances
    .map(({ taskId, mapIndex, state, tryNumber, reason }) => `${taskId}[${mapIndex}] ${state} ${tryNumber} ${reason}`)
    .toSorted(),
});

function expectEnded(spec: DagSpec, end: Snapshot): void {
  expect(end.run).not.toBe("running");
  expect(end.openTasks).toBe(0);
  expect(end.instances.filter(({ state }) => !isFinal(state))).toEqual([]);
  expect(new Set(end.instances.map(({ taskId }) => taskId)).size, "every task has an end").toBe(spec.tasks.length);
}

const draws = fc.array(fc.nat(9), { minLength: 1, maxLength: 30 });

test("every run ends, with every task ended, whatever happens in it", async () => {
  await fc.assert(
    fc.asyncProperty(graph, draws, fc.boolean(), async (tasks, seed, failFast) => {
      const spec = specOf(tasks, failFast);
      expectEnded(spec, await outcomeOf(beginInMemory, spec, seed));
    }),
    { numRuns: 1_000 },
  );
});

test("both stores end in the same states", async () => {
  const begin = beginInPostgres(postgres);
  await fc.assert(
    fc.asyncProperty(graph, draws, fc.boolean(), async (tasks, seed, failFast) => {
      const spec = specOf(tasks, failFast);
      const [memory, database] = [await outcomeOf(beginInMemory, spec, seed), await outcomeOf(begin, spec, seed)];
      expectEnded(spec, database);
      expect(comparable(database)).toEqual(comparable(memory));
    }),
    { numRuns: 120 },
  );
});
