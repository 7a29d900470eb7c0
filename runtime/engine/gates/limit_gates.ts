/**
 * Limits: a gate for each kind of limit that has no free slot, and one for the order of
 * the queue.
 */
import { DagsmithError } from "../../../sdk/errors.ts";
import { EVERY_TASK } from "../../../sdk/spec/index.ts";
import { type Refusal, refusalOf, tooSmall } from "../limits/admission.ts";
import type { Reservation } from "../limits/limits.ts";
import { isGroup } from "../plan/plan.ts";
import { counted, type Gate, type WaitingFacts } from "./gate.ts";

type Full = Extract<Refusal, { readonly why: "full" }>;

/** The reservations that the instance requests, once it is due. */
function reservationsOf({ instance, now }: WaitingFacts): readonly Reservation[] {
  return instance?.slotRequest && instance.slotRequest.notBefore <= now
    ? instance.slotRequest.reservations
    : [];
}

/** A gate for the reservations of one kind of limit. */
function kind(
  name: string,
  prefix: string,
  sentence: (reservation: Reservation, refusal: Full, name: string) => string,
): Gate {
  return {
    name,
    unmet: (facts) =>
      reservationsOf(facts).flatMap((reservation) => {
        const refusal = reservation.name.startsWith(prefix)
          ? refusalOf(reservation, facts.usage)
          : null;
        if (refusal === null) return [];
        return [
          refusal.why === "full"
            ? sentence(reservation, refusal, reservation.name.slice(prefix.length))
            : poolProblem(refusal),
        ];
      }),
  };
}

function poolProblem(refusal: Exclude<Refusal, Full>): string {
  if (refusal.why === "closed_pool")
    return `the pool "${refusal.pool}" is closed (0 slots): dag pools set ${refusal.pool} <slots>`;
  return refusal.why === "no_pool"
    ? new DagsmithError("UNKNOWN_POOL", { pool: refusal.pool }).message
    : new DagsmithError("POOL_TOO_SMALL", {
        pool: refusal.pool,
        slots: refusal.slots,
        needed: refusal.needed,
      }).message;
}

const atWork = ({ held }: Full): string =>
  `${counted(held, "instance is", "instances are")} active`;

export const LIMIT_GATES: readonly Gate[] = [
  kind("pool", "pool:", ({ slots }, { held, limit }, pool) => {
    const which =
      pool === EVERY_TASK ? 'the pool "all", which holds every task,' : `the pool "${pool}"`;
    return `${which} has ${Math.max(0, limit - held)} of ${counted(limit, "slot")} free, and the try takes ${slots}`;
  }),
  kind(
    "max_active_tasks",
    "dag:",
    (_, full) => `of the DAG ${atWork(full)}, and maxActiveTasks is ${full.limit}`,
  ),
  kind(
    "max_active_tasks_per_run",
    "run:",
    (_, full) => `of the run ${atWork(full)}, and maxActiveTasksPerRun is ${full.limit}`,
  ),
  kind(
    "max_active_across_runs",
    "task:",
    (_, full) =>
      `of the task ${atWork(full)} over all runs, and maxActiveAcrossRuns is ${full.limit}`,
  ),
  kind(
    "max_active",
    "map:",
    (_, full) => `of the task ${atWork(full)} in this run, and maxActive is ${full.limit}`,
  ),
  kind(
    "concurrency_key",
    "key:",
    (_, { held, limit }, key) =>
      `${counted(held, "try is", "tries are")} active with the key "${key}", and ${limit} may be active at once (concurrencyKey)`,
  ),
  kind(
    "rate_limit",
    "rate:",
    ({ perMs }, { held, limit }, key) =>
      `${counted(held, "start")} under "${key}" within ${(perMs ?? 0) / 1_000} s, and the rateLimit is ${limit}; the next starts when the window allows`,
  ),
  {
    // Without a slot request, the instance waits for other instances of its task in the
    // run.
    name: "max_active",
    unmet: ({ instance, task }) =>
      instance?.state === "scheduled" &&
      instance.slotRequest === null &&
      task.spec.maxActive !== null
        ? [
            `as many instances of the ${isGroup(task.spec) ? "group" : "task"} are started in this run as maxActive allows: ${task.spec.maxActive}`,
          ]
        : [],
  },
  {
    name: "queue_order",
    unmet: (facts) => {
      const reservations = reservationsOf(facts);
      const isFree =
        reservations.length > 0 &&
        !tooSmall(reservations, facts.usage) &&
        reservations.every((reservation) => refusalOf(reservation, facts.usage) === null);
      return isFree
        ? [
            "slots are free, and other instances get them first: by weight, logical date and map index",
          ]
        : [];
    },
  },
];
