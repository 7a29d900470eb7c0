/**
 * What the instances of one task, at one place, amount to: for itself, and for the tasks after it.
 */
import type { TaskSpec } from "../../../sdk/spec/index.ts";
import type { FinalState, TaskState } from "../../state/task_state.ts";
import { loopState } from "../plan/loop.ts";
import { isLoop } from "../plan/plan.ts";
import type { Counts } from "../store.ts";
import { COUNT_OF, NOTHING, totalOf } from "./counts.ts";

/** How many instances of a task are in one state. */
export interface StateCount {
  readonly taskId: string;
  /** Of a mapped group, and of a task within one: the element. -1 elsewhere: all instances are counted together. */
  readonly mapIndex: number;
  /** False for the instance that stands for the task as a whole. */
  readonly isMapped: boolean;
  readonly state: TaskState;
  readonly count: number;
  /** Lowest map index among them. */
  readonly lowest: number;
}

/** What the instances of one task amount to. */
export interface Own {
  /** Its rule has spoken. */
  readonly decided: boolean;
  /** Instances of a mapped task whose list is known; else null. */
  readonly instances: number | null;
  readonly released: number;
  /** Items that wait for a place. */
  readonly waiting: number;
  readonly counts: Counts;
  /** The same as its group, or its run, counts them: a loop as the one task that it is. */
  readonly ends: Counts;
  /** The same as the tasks after it see them, and of how many instances. */
  readonly seen: Counts;
  readonly width: number;
  readonly isClosed: boolean;
}

/** Instances in the state `none` count as not made yet. */
export function ownOf(spec: TaskSpec, given: readonly StateCount[]): Own {
  const all = given.filter(({ state }) => state !== "none");
  // Iterations that a loop had before it was cleared, and has not had again, are no part of it.
  const states = isLoop(spec) ? all.filter(({ state }) => state !== "removed") : all;
  const mapped = states.filter(({ isMapped }) => isMapped);
  const shown = mapped.length > 0 ? mapped : states;
  const total = shown.reduce((sum, { count }) => sum + count, 0);
  const counts = { ...NOTHING };
  for (const { state, count } of shown) if (isCounted(state)) counts[COUNT_OF[state]] += count;
  const ended = totalOf(counts);
  const waiting = mapped.filter(({ state }) => state === "scheduled");
  const isClosed = total > 0 && ended === total;
  // A loop that never began ended as its rule said, and is seen so.
  const isIterated = isLoop(spec) && mapped.length > 0;
  const ends = isIterated ? wholeOf(counts, total) : counts;
  return {
    decided: total > 0,
    instances: mapped.length > 0 ? total : null,
    released: Math.min(...waiting.map(({ lowest }) => lowest), mapped.length > 0 ? total : 0),
    waiting: waiting.reduce((sum, { count }) => sum + count, 0),
    counts,
    ends,
    isClosed,
    ...(isIterated
      ? { seen: seenFrom(spec, ends, false), width: 1 }
      : itemsSeen(spec, counts, { total, isMapped: mapped.length > 0, isClosed })),
  };
}

/** Items that are left out count until their task has ended; a list of which nothing is left then counts as an empty one. */
function itemsSeen(
  spec: TaskSpec,
  counts: Counts,
  {
    total,
    isMapped,
    isClosed,
  }: { readonly total: number; readonly isMapped: boolean; readonly isClosed: boolean },
): Pick<Own, "seen" | "width"> {
  if (!isMapped) return { seen: seenFrom(spec, counts, false), width: 1 };
  if (isClosed && counts.removed === total) return { seen: { ...NOTHING, skipped: 1 }, width: 1 };
  return { seen: seenFrom(spec, counts, true), width: isClosed ? total - counts.removed : total };
}

/** A loop as the one task that others see, once it has ended. */
function wholeOf(counts: Counts, iterations: number): Counts {
  const state = iterations > 0 ? loopState(counts, iterations) : undefined;
  return state === undefined ? NOTHING : { ...NOTHING, [COUNT_OF[state]]: 1 };
}

/** A failure that is allowed is as good as a success; items that are no more are not counted. */
function seenFrom({ allowFailure }: TaskSpec, counts: Counts, isMapped: boolean): Counts {
  const allowed = allowFailure ? { success: counts.success + counts.failed, failed: 0 } : {};
  return { ...counts, ...allowed, ...(isMapped && { removed: 0 }) };
}

function isCounted(state: TaskState): state is FinalState {
  return state in COUNT_OF;
}
