/**
 * Which instances get free slots. Instances with equal reservations wait in one queue;
 * queues are merged by weight, logical date and map index. A queue that cannot move does
 * not hold up the others. There is one exception: when the first instance of a queue only
 * needs more slots than are free, the free slots are kept for it, or smaller instances
 * would overtake it for ever. Pure.
 */
import { EVERY_TASK } from "../../../sdk/spec/index.ts";
import { poolOf, type Reservation } from "./limits.ts";

/** The slots that reservations have taken of limits. */
export interface Usage {
  /** Slots of each pool; -1 for no limit. */
  readonly pools: ReadonlyMap<string, number>;
  /** Slots of each limit, by name, that are taken now. */
  readonly held: ReadonlyMap<string, number>;
}

/** Instances that wait with equal reservations. */
export interface WaitQueue {
  /** The reservations as text: the key of the queue. */
  readonly text: string;
  readonly reservations: readonly Reservation[];
}

/** An instance that waits for its slots. */
export interface Waiter {
  readonly instanceId: number;
  /** The text of its wait queue. */
  readonly waitQueue: string;
  readonly weight: number;
  /** Milliseconds; infinity for a run without one. */
  readonly logicalDate: number;
  readonly mapIndex: number;
}

/** Why a reservation is not granted; null when it is. */
export type Refusal =
  | { readonly why: "no_pool"; readonly pool: string }
  | { readonly why: "closed_pool"; readonly pool: string }
  | {
      readonly why: "pool_too_small";
      readonly pool: string;
      readonly slots: number;
      readonly needed: number;
    }
  | { readonly why: "full"; readonly held: number; readonly limit: number };

/** A pool with fewer slots than one try needs. */
export interface TooSmall {
  readonly pool: string;
  readonly slots: number;
  readonly needed: number;
}

/**
 * How many slots a reservation's limit has: infinity for none; undefined for a pool that
 * does not exist.
 */
function slotsOf(reservation: Reservation, { pools }: Usage): number | undefined {
  const pool = poolOf(reservation);
  if (pool === undefined) return reservation.limit ?? Number.POSITIVE_INFINITY;
  const slots = pools.get(pool);
  // Deleting the pool of all tasks removes its limit.
  if (slots === undefined) return pool === EVERY_TASK ? Number.POSITIVE_INFINITY : undefined;
  return slots < 0 ? Number.POSITIVE_INFINITY : slots;
}

/** What one reservation meets now. */
export function refusalOf(reservation: Reservation, usage: Usage): Refusal | null {
  const slots = slotsOf(reservation, usage);
  const pool = poolOf(reservation) ?? "";
  if (slots === undefined) return { why: "no_pool", pool };
  if (poolOf(reservation) !== undefined && slots === 0) return { why: "closed_pool", pool };
  if (poolOf(reservation) !== undefined && slots < reservation.slots)
    return { why: "pool_too_small", pool, slots, needed: reservation.slots };
  const held = usage.held.get(reservation.name) ?? 0;
  return held + reservation.slots > slots ? { why: "full", held, limit: slots } : null;
}

/**
 * The pool that is too small for these reservations. A wait does not help, only a larger
 * pool. A closed pool (0 slots) is not too small: it is expected to open again.
 */
export function tooSmall(reservations: readonly Reservation[], usage: Usage): TooSmall | undefined {
  for (const reservation of reservations) {
    const refusal = refusalOf(reservation, usage);
    if (refusal?.why === "pool_too_small") return refusal;
  }
  return undefined;
}

/**
 * How many instances of a queue are worth reading: as many as may fit; 1 when slots may
 * have to be kept for the first one; else 0.
 */
export function worthLooking(queue: WaitQueue, usage: Usage): number {
  const fits = queue.reservations.map((reservation) =>
    Math.floor(
      ((slotsOf(reservation, usage) ?? 0) - (usage.held.get(reservation.name) ?? 0)) /
        reservation.slots,
    ),
  );
  const most = Math.max(0, Math.min(Number.POSITIVE_INFINITY, ...fits));
  return most > 0 ? most : isOnlyTooLarge(queue.reservations, usage) ? 1 : 0;
}

/**
 * Grants free slots.
 * @param waiters the first instances of each queue, in any order
 * @returns the instances that get their slots, in their order
 */
export function admit(
  queues: readonly WaitQueue[],
  waiters: readonly Waiter[],
  usage: Usage,
): readonly number[] {
  const reservationsOf = new Map(queues.map(({ text, reservations }) => [text, reservations]));
  const held = new Map(usage.held);
  const now: Usage = { pools: usage.pools, held };
  const admitted: number[] = [];
  const stuck = new Set<string>();
  for (const { instanceId, waitQueue } of [...waiters].sort(inOrder)) {
    const reservations = reservationsOf.get(waitQueue) ?? [];
    if (stuck.has(waitQueue)) continue;
    if (reservations.every((reservation) => refusalOf(reservation, now) === null)) {
      for (const { name, slots } of reservations) held.set(name, (held.get(name) ?? 0) + slots);
      admitted.push(instanceId);
      continue;
    }
    stuck.add(waitQueue);
    if (isOnlyTooLarge(reservations, now)) keepFor(reservations, now, held);
  }
  return admitted;
}

/** Whether every limit in the way has free slots, only too few of them. */
function isOnlyTooLarge(reservations: readonly Reservation[], usage: Usage): boolean {
  const refusals = reservations.flatMap((reservation) => refusalOf(reservation, usage) ?? []);
  return (
    refusals.length > 0 &&
    refusals.every((refusal) => refusal.why === "full" && refusal.held < refusal.limit)
  );
}

/** Counts the free slots of the limits in the way as taken, until there are enough. */
function keepFor(
  reservations: readonly Reservation[],
  usage: Usage,
  held: Map<string, number>,
): void {
  for (const reservation of reservations) {
    const refusal = refusalOf(reservation, usage);
    if (refusal?.why === "full") held.set(reservation.name, refusal.limit);
  }
}

function inOrder(one: Waiter, other: Waiter): number {
  return (
    other.weight - one.weight ||
    (one.logicalDate === other.logicalDate ? 0 : one.logicalDate - other.logicalDate) ||
    one.mapIndex - other.mapIndex ||
    one.instanceId - other.instanceId
  );
}
