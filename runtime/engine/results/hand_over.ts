/**
 * Hand-over: a worker whose try has just ended begins what follows from it, without a job
 * of the queue. Pure, apart from the view.
 */
import { DEFAULT_QUEUE } from "../../../sdk/spec/index.ts";
import type { RunView } from "../advance/run_view.ts";
import type { InstanceKey } from "../counts/scope.ts";
import { isLoop, type PlannedTask } from "../plan/plan.ts";
import type { NewInstance } from "../store.ts";

/** What a worker can begin at once. */
export interface Offer {
  /** Slots in which nothing runs and for which no job waits. */
  readonly slots: number;
  /** The queues of workers that it serves. */
  readonly queues: readonly string[];
}

/**
 * Keeps instances out of the queue that the worker begins itself: those with the highest
 * weight among the new ones, as many as it has slots for.
 * @returns these instances; the caller starts them in the same transaction
 */
export function handOver(view: RunView, offer: Offer): readonly InstanceKey[] {
  if (offer.slots === 0) return [];
  const ready = view.created.all.filter((one) => mayBegin(one, offer));
  // The sort is stable: of equal weights, the first comes first.
  const taken = ready
    .sort((one, other) => other.route.weight - one.route.weight)
    .slice(0, offer.slots);
  for (const one of taken) view.created.add({ ...one, isTaken: true });
  return taken;
}

/**
 * Whether the end of a task can make an instance: of a task after it or after a group
 * around it, of a teardown, or of the task itself. A worker need not wait for what cannot
 * come.
 */
export function mayBeFollowed({ spec, ...task }: PlannedTask): boolean {
  const followers = [task.downstream, task.setupOf, task.inScopeOf];
  const isBefore = followers.some(({ length }) => length > 0);
  return isBefore || spec.parentGroup !== undefined || isLoop(spec);
}

function mayBegin({ state, route }: NewInstance, { queues }: Offer): boolean {
  return (
    state === "queued" &&
    route.reservations.length === 0 &&
    queues.includes(route.queue ?? DEFAULT_QUEUE)
  );
}
