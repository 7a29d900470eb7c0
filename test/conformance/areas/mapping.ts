/**
 * Mapped tasks: each case becomes a DAG whose lists are outputs of tasks, run from begin
 * to end in memory.
 */
import { z } from "zod";
import { runDag } from "../../../runtime/testing/index.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { Json } from "../../../sdk/json.ts";
import {
  concat,
  cross,
  type Each,
  entries,
  type Items,
  over,
  partial,
  zip,
} from "../../../sdk/task/items.ts";
import { SkipTask } from "../../../sdk/task/outcome.ts";
import { type Answer, area, NotSupported } from "../area.ts";

const LIST = z.union([z.array(z.json()), z.record(z.string(), z.json())]);
type List = z.infer<typeof LIST>;
type NewDag = Dag<Readonly<Record<string, never>>>;

export const mappingExpand = area(
  z.object({ expand: z.array(z.tuple([z.string(), LIST])).min(1) }),
  ({ expand }) =>
    instancesOf((d) =>
      cross(Object.fromEntries(expand.map(([name, list]) => [name, known(d, name, list)]))),
    ),
);

const KWARGS = z.record(z.string(), z.json());

export const mappingExpandKwargs = area(
  z.object({ partial: KWARGS.optional(), expand_kwargs: z.array(KWARGS) }),
  ({ partial: constants = {}, expand_kwargs }) =>
    instancesOf((d) =>
      partial(
        constants,
        d.task("source", () => expand_kwargs),
      ),
    ),
);

export const mappingConcat = area(z.object({ sources: z.array(LIST) }), async ({ sources }) => {
  const { values } = await mapped((d) =>
    concat(...sources.map((list, index) => known(d, `source_${index}`, list))),
  );
  return { values };
});

const ZIP = z.object({ sources: z.array(LIST), fillvalue: z.json().optional() });

export const mappingZip = area(ZIP, async ({ sources, fillvalue }) => {
  const { values } = await mapped((d) => {
    const lists = sources.map((list, index) => known(d, `source_${index}`, list));
    return fillvalue === undefined ? zip(lists) : zip(lists, { fillValue: fillvalue });
  });
  return { values };
});

export const mappingMap = area(
  z.object({ source: LIST, map: z.string() }),
  async ({ source, map }) => {
    const { values, states } = await mapped((d) => known(d, "source", source).map(functionOf(map)));
    return { values, instance_states: states };
  },
);

/** A list as people get one: from a task before. */
function known(d: NewDag, taskId: string, list: List): Items<Json> {
  const id = `list_${taskId}`;
  return Array.isArray(list)
    ? over(d.task(id, () => list))
    : (entries(d.task(id, () => list)) as Items<Json>);
}

/** Cases say in words what a function does. */
const FUNCTIONS: readonly (readonly [words: RegExp, make: (of: string) => (item: Json) => Json])[] =
  [
    [
      /^raise skip for (\S+)$/,
      (of) => (item) => {
        if (String(item) === of) throw new SkipTask("as the case says");
        return item;
      },
    ],
    [
      /^raise (?:an )?error for (\S+)$/,
      (of) => (item) => {
        if (String(item) === of) throw new Error("as the case says");
        return item;
      },
    ],
    [
      /^(?:return )?(?:none|null) for (\S+)$/i,
      (of) => (item) => (String(item) === of ? null : item),
    ],
    [/^identity$/, () => (item) => item],
  ];

function functionOf(words: string): (item: Json) => Json {
  for (const [pattern, make] of FUNCTIONS) {
    const found = pattern.exec(words);
    if (found) return make(found[1] ?? "");
  }
  throw new NotSupported(`a function described as "${words}"`);
}

async function instancesOf(each: (d: NewDag) => Each<unknown>): Promise<Answer> {
  const { values, state } = await mapped(each);
  return { instances: values, ...(values.length === 0 ? { task_state: state } : {}) };
}

interface Mapped {
  /** What the instances that succeeded got, in map order. */
  readonly values: readonly Json[];
  /** Of each instance, in map order. */
  readonly states: readonly string[];
  /** Of the task as a whole, when it has no instances. */
  readonly state: string | undefined;
}

async function mapped(each: (d: NewDag) => Each<unknown>): Promise<Mapped> {
  const d = dag("case");
  d.task("mapped", { each: each(d) as Each<Json> }, ({ item }) => item);
  const { tasks } = await runDag(d);
  const own = tasks
    .filter(({ taskId }) => taskId === "mapped")
    .sort((a, b) => a.mapIndex - b.mapIndex);
  const instances = own.filter(({ mapIndex }) => mapIndex >= 0);
  return {
    values: instances.filter(({ state }) => state === "success").map(({ output }) => output),
    states: instances.map(({ state }) => state),
    state: own.find(({ mapIndex }) => mapIndex < 0)?.state,
  };
}
