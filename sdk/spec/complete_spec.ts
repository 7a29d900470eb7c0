/**
 * Reads specs that an older dagsmith stored. Fields that a later format always has are
 * filled in with their defaults, so that all other code reads complete specs. A run keeps
 * the version that it began with.
 */
import type { DagSpec, TaskSpec } from "./index.ts";

/**
 * Fields that the first format did not have. Fields that may be absent are not listed.
 */
const LATER_OF_DAG = { assets: null, on: [], assetDetails: {} } as const satisfies Partial<DagSpec>;
const LATER_OF_TASK = {
  startDate: null,
  endDate: null,
  outlets: [],
  inlets: [],
} as const satisfies Partial<TaskSpec>;

type Older<Spec, Later> = Omit<Spec, keyof Later> & Partial<Spec>;

/** A spec as this or an earlier dagsmith stored it. */
export type StoredSpec = Omit<Older<DagSpec, typeof LATER_OF_DAG>, "tasks"> & {
  readonly tasks: readonly Older<TaskSpec, typeof LATER_OF_TASK>[];
};

/** The spec in the current format. */
export function completeSpec(stored: StoredSpec): DagSpec {
  return {
    ...LATER_OF_DAG,
    ...stored,
    tasks: stored.tasks.map((task) => ({ ...LATER_OF_TASK, ...task })),
  };
}
