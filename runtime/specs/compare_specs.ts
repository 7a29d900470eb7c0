/**
 * What differs between two versions of a DAG, as people review it. Pure: both are given
 * as specs.
 */
import { isDeepStrictEqual } from "node:util";
import type { Json } from "../../sdk/json.ts";
import type { DagSpec, TaskSpec } from "../../sdk/spec/index.ts";

/** Names that one side has and the other has not, and those whose content differs. */
interface Difference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

export interface DagDifference {
  /** Task ids. A task that only got another upstream task is not changed. */
  readonly tasks: Difference;
  /** Task id to the names of its options that differ. */
  readonly options: Readonly<Record<string, readonly string[]>>;
  /** Edges as `before -> after`. */
  readonly edges: Omit<Difference, "changed">;
  /** Names of params. */
  readonly params: Difference;
  /** Names of the options of the DAG that differ, such as `schedules` or `maxActiveRuns`. */
  readonly dag: readonly string[];
}

/** Compared by their parts; the id is the same in both. */
const APART = ["dagId", "tasks", "paramsSchema"];
const EDGES = ["upstream"];

/**
 * The differences of two versions. All lists are empty when only code differs.
 * @example compareSpecs(before, after).tasks.added // ["check"]
 */
export function compareSpecs(before: DagSpec, after: DagSpec): DagDifference {
  const [old, now] = [tasksOf(before), tasksOf(after)];
  const both = [...now].filter(([taskId]) => old.has(taskId));
  const options = both.flatMap(([taskId, task]) => {
    const names = differingFields(old.get(taskId) ?? {}, task, EDGES);
    return names.length === 0 ? [] : [[taskId, names] as const];
  });
  const tasks = compareNames(old, now);
  return {
    tasks: { ...tasks, changed: options.map(([taskId]) => taskId) },
    options: Object.fromEntries(options),
    edges: compareNames(edgesOf(before), edgesOf(after)),
    params: compareParams(before.paramsSchema, after.paramsSchema),
    dag: differingFields(before, after, APART),
  };
}

const tasksOf = ({ tasks }: DagSpec): ReadonlyMap<string, TaskSpec> =>
  new Map(tasks.map((task) => [task.taskId, task]));

const edgesOf = ({ tasks }: DagSpec): ReadonlyMap<string, true> =>
  new Map(
    tasks.flatMap(({ taskId, upstream }) =>
      upstream.map((before) => [`${before} -> ${taskId}`, true as const] as const),
    ),
  );

function compareNames(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): Omit<Difference, "changed"> {
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
  };
}

/** An option that one side leaves out differs from any value. */
function differingFields(before: object, after: object, apart: readonly string[]): string[] {
  const [old, now] = [before, after] as readonly Readonly<Record<string, unknown>>[];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter(
    (name) => !apart.includes(name) && !isDeepStrictEqual(old?.[name], now?.[name]),
  );
}

function compareParams(before: Json, after: Json): Difference {
  const [old, now] = [propertiesOf(before), propertiesOf(after)];
  return {
    ...compareNames(old, now),
    changed: [...now.keys()].filter(
      (name) => old.has(name) && !isDeepStrictEqual(old.get(name), now.get(name)),
    ),
  };
}

function propertiesOf(schema: Json): ReadonlyMap<string, Json> {
  const properties = (schema as { readonly properties?: Readonly<Record<string, Json>> } | null)
    ?.properties;
  return new Map(Object.entries(properties ?? {}));
}
