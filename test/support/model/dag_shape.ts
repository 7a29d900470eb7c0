/**
 * DAGs of any shape, as the model knows them: a plain description from which the spec is
 * made too. It says in words what it is, so that a counterexample can be read.
 */

import { dag } from "../../../sdk/dag/dag.ts";
import type { GroupBuilder } from "../../../sdk/dag/group_builder.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { type DagSpec, TRIGGER_RULES, type TriggerRule } from "../../../sdk/spec/index.ts";
import { concat, cross, type Each, zip } from "../../../sdk/task/items.ts";
import type { TaskRef } from "../../../sdk/task/task_ref.ts";
import type { Wirable } from "../../../sdk/task/wirable.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import fc from "../fast_check.ts";

type Kind =
  | "task"
  | "empty"
  | "mapped"
  | "loop"
  | "sensor"
  | "question"
  | "call"
  | "setup"
  | "teardown"
  | "branch"
  | "short circuit"
  | "group"
  | "mapped group";

/**
 * How a list is put together: from items that are written down, or from what the first
 * and the last task before it return.
 */
type ListForm = "items" | "output" | "longest zip" | "concat" | "cross" | "concat of cross and zip";

export interface ShapedTask {
  readonly id: string;
  readonly kind: Kind;
  readonly upstream: readonly string[];
  readonly rule: TriggerRule;
  readonly retries: number;
  readonly allowFailure: boolean;
  /**
   * Of a teardown: its failure fails the run. Of a short circuit: it stops only what is
   * directly after it. Of a question: it has an answer when its time is up.
   */
  readonly flag: boolean;
  readonly maxActive: number | null;
  /** Of a mapped task. */
  readonly form: ListForm;
  /** Items that are written down in its list. */
  readonly items: number;
  /** The group that it is within, and that group when it is mapped. */
  readonly within: string | null;
  readonly mappedIn: string | null;
}

export interface DagShape {
  readonly tasks: readonly ShapedTask[];
  readonly failFast: boolean;
}

/**
 * Combinations of combinations would grow beyond what a test can hold; longer lists fail
 * their task, which is one more way to end.
 */
export const MOST_ITEMS = 40;
export const MAX_ITERATIONS = 3;

const MAPPED: readonly ListForm[] = [
  "items",
  "output",
  "output",
  "longest zip",
  "concat",
  "cross",
  "concat of cross and zip",
];

const ALONE: readonly Kind[] = [
  "task",
  "task",
  "task",
  "empty",
  "setup",
  "teardown",
  "branch",
  "short circuit",
];
const KINDS: readonly Kind[] = [
  ...ALONE,
  ...(["mapped", "mapped", "mapped", "loop", "sensor", "question", "call"] as const),
];
const WITH_GROUPS: readonly Kind[] = [
  "task",
  "task",
  "empty",
  "setup",
  "teardown",
  "branch",
  "short circuit",
  "mapped",
  "group",
  "group",
  "mapped group",
  "mapped group",
];

/** A task of one of these kinds. */
const drawnOf = (kinds: readonly Kind[]) =>
  fc.record({
    /** How far before it those directly before it are. */
    back: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }),
    rule: fc.constantFrom("all_success" as const, ...TRIGGER_RULES),
    kind: fc.constantFrom(...kinds),
    form: fc.constantFrom(...MAPPED),
    items: fc.nat(3),
    retries: fc.nat(1),
    allowFailure: fc.boolean(),
    flag: fc.boolean(),
    maxActive: fc.option(fc.integer({ min: 1, max: 2 })),
  });
type Drawn = ReturnType<typeof drawnOf> extends fc.Arbitrary<infer T> ? T : never;

/** Of few kinds, so that these meet often; or of all. */
const drawnTasks = fc
  .oneof(
    fc.constant(KINDS),
    fc.uniqueArray(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 3 }),
  )
  .chain((kinds) => fc.array(drawnOf(kinds), { minLength: 1, maxLength: 7 }));

/** Any DAG without groups. */
export const dagShape: fc.Arbitrary<DagShape> = fc
  .record({
    tasks: drawnTasks,
    failFast: fc.oneof(
      { weight: 3, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
  })
  .map(({ tasks, failFast }) =>
    withWords({
      tasks: needingSetups(tasks.map((task, index) => shaped(task, index, failFast))),
      failFast,
    }),
  );

/** DAGs with groups that have an instance. */
export const groupedShape: fc.Arbitrary<DagShape> = fc
  .array(fc.tuple(drawnOf(WITH_GROUPS), fc.array(drawnOf(ALONE), { minLength: 1, maxLength: 3 })), {
    minLength: 1,
    maxLength: 5,
  })
  .map((drawn) => {
    const tops = drawn.map(([task], index) => listless(shaped(task, index, false), drawn, index));
    return withWords({
      tasks: needingSetups(
        tops.flatMap((top, index) => [top, ...membersOf(top, drawn[index]![1])]),
      ),
      failFast: false,
    });
  });

/** A task directly after a setup may have no rule that does without the setup. */
function needingSetups(tasks: readonly ShapedTask[]): readonly ShapedTask[] {
  const setups = new Set(tasks.filter(({ kind }) => kind === "setup").map(({ id }) => id));
  return tasks.map((task) =>
    task.kind !== "teardown" && task.upstream.some((id) => setups.has(id))
      ? { ...task, rule: "all_success" }
      : task,
  );
}

/** A group returns nothing that another could be mapped over. */
function listless(
  task: ShapedTask,
  drawn: readonly (readonly [Drawn, ...unknown[]])[],
  index: number,
): ShapedTask {
  const isGroupAt = (far: number): boolean =>
    drawn[index - far]?.[0].kind.includes("group") ?? false;
  return drawn[index]![0].back.some(isGroupAt) ? { ...task, form: "items" } : task;
}

function membersOf(group: ShapedTask, drawn: readonly Drawn[]): readonly ShapedTask[] {
  if (!isGroup(group)) return [];
  const mappedIn = group.kind === "mapped group" ? group.id : null;
  return drawn.map((one, index) =>
    shaped(one, index, false, { prefix: `${group.id}.`, within: group.id, mappedIn }),
  );
}

/** Whether a task is a group, which has an instance. */
export function isGroup({ kind }: ShapedTask): boolean {
  return kind === "group" || kind === "mapped group";
}

interface Where {
  readonly prefix: string;
  readonly within: string | null;
  readonly mappedIn: string | null;
}

function shaped(
  drawn: Drawn,
  index: number,
  failFast: boolean,
  where: Where = { prefix: "", within: null, mappedIn: null },
): ShapedTask {
  const { back, rule, kind, form, retries, allowFailure, ...more } = drawn;
  const { prefix, ...around } = where;
  const upstream = back
    .map((far) => index - far)
    .flatMap((at) => (at >= 0 ? [`${prefix}t${at}`] : []));
  return {
    ...more,
    ...around,
    ...{ id: `${prefix}t${index}`, kind, upstream },
    rule: kind === "teardown" ? "all_done_setup_success" : failFast ? "all_success" : rule,
    // A question is asked once.
    retries: kind === "question" ? 0 : retries,
    allowFailure: allowFailure && (kind === "task" || kind === "mapped"),
    form: upstream.length === 0 ? "items" : form,
  };
}

/** Makes a counterexample print what it says instead of what it consists of. */
function withWords(shape: DagShape): DagShape {
  return Object.defineProperty(shape, fc.toStringMethod, {
    value: () => `\n${describeShape(shape).join("\n")}\n`,
  });
}

/** A line for each task. */
export function describeShape({ tasks, failFast }: DagShape): readonly string[] {
  return [
    `a DAG${failFast ? " that fails fast" : ""} of`,
    ...tasks.map((task) => `  ${task.within === null ? "" : "  "}${taskInWords(task)}`),
  ];
}

const FLAGS: Partial<Readonly<Record<Kind, string>>> = {
  teardown: "fails the run",
  "short circuit": "direct only",
  question: "has an answer of its own",
};

function taskInWords({
  id,
  kind,
  upstream,
  rule,
  retries,
  allowFailure,
  flag,
  maxActive,
  form,
  items,
}: ShapedTask): string {
  const list = `${form}${form === "output" ? "" : `(${items})`}${maxActive === null ? "" : `, maxActive ${maxActive}`}`;
  const flags = FLAGS[kind] ?? "";
  const parts = [
    ...[
      kind.startsWith("mapped") ? `${kind} over ${list}` : kind,
      upstream.length > 0 ? `after ${upstream.join(" ")}` : "first",
    ],
    ...[
      rule === "all_success" ? "" : rule,
      retries > 0 && kind !== "empty" ? `${retries} retry` : "",
    ],
    ...[allowFailure ? "may fail" : "", flag ? flags : ""],
  ];
  return `${id}: ${parts.filter((part) => part !== "").join(", ")}`;
}

let lastDag = 0;

/** The DAG that tasks of the kind `call` start. */
export function calledSpec(): DagSpec {
  const d = dag("model_called", { maxActiveRuns: 100_000 });
  d.output({ a: d.task("a", () => 1) });
  return describeDag(d);
}

/** The spec of a shape, under an id of its own. */
export function specOf(shape: DagShape): DagSpec {
  lastDag += 1;
  const d = dag(`model_${lastDag}`, { failFast: shape.failFast });
  declareAll(d, shape, null);
  return describeDag(d);
}

type Builder = GroupBuilder<unknown, unknown>;

/** Declares what is within a group; null: what is within none. */
function declareAll(d: Builder, shape: DagShape, group: string | null): void {
  const refs = new Map<string, Wirable>();
  for (const task of shape.tasks.filter(({ within }) => within === group)) {
    const before = task.upstream.map((id) => refs.get(id)!);
    const ref = isGroup(task) ? declareGroup(d, shape, task, before) : declare(d, task, before);
    for (const one of before) chain(one, ref);
    refs.set(task.id, ref);
  }
}

function declareGroup(
  d: Builder,
  shape: DagShape,
  task: ShapedTask,
  before: readonly Wirable[],
): Wirable {
  const { id, kind, rule: triggerRule, retries } = task;
  const options = { triggerRule, retries, retryDelay: "10m" } as const;
  const inside = (g: Builder): void => declareAll(g, shape, id);
  return kind === "group"
    ? d.group(id, options, inside)
    : d.group(id, { ...options, ...listOptions(task, before) }, inside);
}

function declare(d: Builder, task: ShapedTask, before: readonly Wirable[]): TaskRef<unknown> {
  const { kind, rule: triggerRule, retries, allowFailure, flag } = task;
  const id = task.id.split(".").at(-1)!;
  const tried = { retries, retryDelay: "10m" } as const;
  const options = { ...tried, triggerRule };
  const body = async (): Promise<number[]> => [];
  switch (kind) {
    case "empty":
      return d.empty(id, { triggerRule });
    case "mapped":
      return d.task(id, { ...options, allowFailure, ...listOptions(task, before) }, body);
    case "loop":
      return d.loop(
        id,
        { ...options, initial: [0], until: () => true, maxIterations: MAX_ITERATIONS },
        body,
      );
    case "sensor":
      return d.sensor(id, { ...options, interval: "10m" }, async () => true);
    case "question":
      return d.ask(id, { triggerRule, subject: "Go?", options: ["yes", "no"] });
    case "call":
      return d.call(id, "model_called", options);
    case "setup":
      return d.setup(id, options, body);
    case "teardown":
      return d.teardown(id, { ...tried, onFailureFailDagRun: flag }, body);
    case "branch":
      return d.branch(id, options, () => []);
    case "short circuit":
      return d.shortCircuit(id, { ...options, ignoreDownstreamTriggerRules: !flag }, body);
    default:
      return d.task(id, { ...options, allowFailure }, body);
  }
}

function listOptions({ form, items, maxActive }: ShapedTask, before: readonly Wirable[]) {
  const literal = [...Array(items).keys()];
  const one = before[0] as TaskRef<number[]>;
  const other = before.at(-1) as TaskRef<number[]>;
  const each: Readonly<Record<ListForm, () => Each<unknown>>> = {
    items: () => literal,
    output: () => one,
    "longest zip": () => zip([one, other], { fillValue: null }),
    concat: () => concat(one, literal, other),
    cross: () => cross({ one, literal }),
    "concat of cross and zip": () => concat(cross({ one, other }), zip([literal, other])),
  };
  const isShort = form === "items" || form === "output";
  return {
    each: each[form](),
    ...(isShort ? {} : { maxItems: MOST_ITEMS }),
    ...(maxActive === null ? {} : { maxActive }),
  };
}
