/**
 * Specs that an older dagsmith stored. What later ones always say is filled in here, in one place, with what it means to have said nothing;
 * so whoever reads a spec reads a whole one. Runs keep the version that they began with, however old it is.
 */
import type { DagSpec, TaskSpec } from "./index.ts";

/** Fields that were not there from the beginning. Those that may be absent still need no place here. */
const LATER_OF_DAG = { assets: null, on: [], assetDetails: {} } as const satisfies Partial<DagSpec>;
const LATER_OF_TASK = {
  startDate: null,
  endDate: null,
  outlets: [],
  inlets: [],
} as const satisfies Partial<TaskSpec>;

type Older<Spec, Later> = Omit<Spec, keyof Later> & Partial<Spec>;

/** A spec of this or an earlier dagsmith, as it lies in the store. */
export type StoredSpec = Omit<Older<DagSpec, typeof LATER_OF_DAG>, "tasks"> & {
  readonly tasks: readonly Older<TaskSpec, typeof LATER_OF_TASK>[];
};

/** The spec as this dagsmith would have written it. */
export function completeSpec(stored: StoredSpec): DagSpec {
  return {
    ...LATER_OF_DAG,
    ...stored,
    tasks: stored.tasks.map((task) => ({ ...LATER_OF_TASK, ...task })),
  };
}
