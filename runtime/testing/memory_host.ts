/** The side of the run that a task sees, in memory: its request, and what it may ask. */
import type { Json } from "../../sdk/json.ts";
import type { AssetEvent } from "../../sdk/sources/asset.ts";
import type { TaskHost, TryRequest } from "../child/run_try.ts";
import type { MemoryInstance } from "../engine/memory/instance.ts";
import { eagerInputs, fieldOf, isLoop, missingInput, shareMapIndex } from "../engine/plan/plan.ts";
import { assertAllowed } from "../secrets/allowed.ts";
import type { DagRunEvent } from "./dag_run.ts";
import { localFolder } from "./local_folder.ts";
import type { MemoryRun } from "./memory_run.ts";
import { stateHost } from "./memory_state.ts";
import { renderedText } from "./rendered_text.ts";
import { connectionOf } from "./run_task.ts";

type InstanceInRun = Pick<MemoryInstance, "taskId" | "mapIndex">;
export type TryInRun = Pick<MemoryInstance, "taskId" | "mapIndex" | "tryNumber" | "item">;

/** The request to run a try, as a task process gets it. */
export function requestOf(
  run: MemoryRun,
  { taskId, mapIndex, tryNumber, item }: TryInRun,
): TryRequest {
  const { plan } = run.store.run;
  const spec = plan.tasks.get(taskId)?.spec;
  const inputs = spec ? eagerInputs(spec) : {};
  const input = (source: string): Json | undefined => {
    const value = shareMapIndex(plan, taskId, source)
      ? run.store.outputOf(source, mapIndex)
      : run.store.xcom(source, "return_value");
    return value === undefined ? missingInput(plan, source) : value;
  };
  // A copy, as each task process gets one: a task that changes its input must not
  // change the input of another task.
  return structuredClone({
    ...{ dagId: run.spec.dagId, taskId, runId: run.runId, tryNumber, mapIndex, item },
    ...(spec && isLoop(spec) && mapIndex > 0
      ? { previous: run.store.outputOf(taskId, mapIndex - 1) ?? null }
      : {}),
    logicalDate: run.logicalDate,
    dataIntervalStart: run.interval.start.toISOString(),
    dataIntervalEnd: run.interval.end.toISOString(),
    timezone: run.spec.timezone,
    params: run.options.params ?? {},
    trigger: run.options.trigger ?? null,
    inputs: Object.fromEntries(
      Object.entries(inputs).flatMap(([name, source]) => {
        const value = fieldOf(input(source), spec?.picks?.[name]);
        return value === undefined ? [] : [[name, value]];
      }),
    ),
  });
}

/** What a try may ask of its run: connections, variables, XComs, state. */
export function memoryHost(
  run: MemoryRun,
  { taskId, mapIndex }: InstanceInRun,
  emit: (event: DagRunEvent) => void,
): TaskHost {
  const { connections = {}, variables = {} } = run.options;
  return {
    ...stateHost(run.store.state, { dagId: run.spec.dagId, taskId }),
    ...run.files.hostOf({ taskId, mapIndex }),
    folder: localFolder,
    labelRun: async (key, value) => {
      run.notes.labels[key] = value;
    },
    noteRun: async (text) => {
      run.notes.note = text === "" ? null : text;
    },
    writeRendered: async (fields) => {
      const text = renderedText(fields);
      emit({ type: "log", taskId, mapIndex, level: "debug", text });
    },
    readSteps: async () => run.store.stepsOf({ taskId, mapIndex }),
    beginStep: async () => undefined,
    writeStep: async (name, json) => run.store.finishStep({ taskId, mapIndex }, name, json),
    connection: async (id) => {
      assertAllowed(run.spec, id);
      return typeof connections === "function"
        ? connections(id)
        : connectionOf(id, connections[id]);
    },
    variable: async (key) =>
      typeof variables === "function" ? variables(key) : (variables[key] ?? null),
    assetEvents: async (uri, limit) => assetEventsOf(run, uri).slice(-limit),
    pullXCom: async (from, key) => structuredClone(run.store.xcom(from, key) ?? null),
    pullPage: async (from) => ({
      items: structuredClone(run.store.xcom(from, "return_value") ?? []) as readonly Json[],
      next: null,
    }),
    pushXCom: async (key, json) =>
      run.store.pushXCom(taskId, mapIndex, key, JSON.parse(json) as Json),
    log: (level, text) => emit({ type: "log", taskId, mapIndex, level, text }),
  };
}

/** Events of this run only: there is no earlier run. */
function assetEventsOf(run: MemoryRun, uri: string): readonly AssetEvent[] {
  const ids = { dagId: run.spec.dagId, runId: run.runId };
  return run.store.assetUpdates.flatMap(({ taskId, mapIndex, ...update }, index) =>
    update.uri === uri
      ? [
          {
            id: index + 1,
            uri,
            at: run.logicalDate,
            extra: update.extra,
            source: { ...ids, taskId, mapIndex },
          },
        ]
      : [],
  );
}
