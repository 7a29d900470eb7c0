/**
 * A run of the model as data: the plain state of each instance. What happens to it is in
 * run_model.ts.
 */
import type { RunState } from "../../../runtime/state/run_state.ts";
import type { TaskState } from "../../../runtime/state/task_state.ts";
import type { Json } from "../../../sdk/json.ts";
import type { DagShape, ShapedTask } from "./dag_shape.ts";

/** An instance; a cleared one is gone until it is created again. */
export interface Instance {
  /** Another one when it was cleared meanwhile. */
  readonly serial: number;
  state: Exclude<TaskState, "none">;
  /**
   * Tries of its own that failed, and tries that were lost, since it was last cleared.
   */
  failures: number;
  lost: number;
  /** The claim that holds it while it runs. */
  claim: number | null;
  /** Whether a retry's time has come. */
  isDue: boolean;
  output: Json | undefined;
  /** Of an iteration that ended: another follows. */
  again: boolean;
  readonly item: Json;
}

export interface RunModel {
  readonly shape: DagShape;
  /** Instances of each task, by map index; -1 for the task as a whole. */
  readonly tasks: Readonly<Record<string, Record<number, Instance>>>;
  run: RunState;
  isPaused: boolean;
  /** Ended by its tasks, and not by a person. */
  endedByItself: boolean;
  /** Mapped tasks and loops whose end as a whole the tasks after them know of. */
  told: Set<string>;
}

/** An instance that ended. */
export interface End {
  readonly task: ShapedTask;
  readonly instance: Instance;
}

export function copyOf(model: RunModel): RunModel {
  return { ...model, tasks: structuredClone(model.tasks), told: new Set(model.told) };
}

export function taskOf({ shape }: RunModel, id: string): ShapedTask {
  return shape.tasks.find((task) => task.id === id)!;
}

export function instancesOf(model: RunModel, id: string): readonly Instance[] {
  return Object.values(model.tasks[id]!);
}

const FINAL: readonly string[] = ["success", "failed", "skipped", "upstream_failed", "removed"];

export function hasEnded({ state }: Instance): boolean {
  return FINAL.includes(state);
}

let lastSerial = 0;

export function newInstance(state: Instance["state"], item: Json = null): Instance {
  lastSerial += 1;
  return {
    serial: lastSerial,
    state,
    failures: 0,
    lost: 0,
    claim: null,
    isDue: true,
    output: undefined,
    again: false,
    item,
  };
}

/** Moves an instance out of its state; its worker holds it no longer. */
export function move(instance: Instance, state: Instance["state"]): void {
  instance.state = state;
  instance.claim = null;
}
