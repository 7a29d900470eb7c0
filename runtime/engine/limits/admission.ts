/**
 * Who gets a free place. Instances with the same reservations wait in one line; lines are merged by weight, logical date and map index. A line
 * that cannot move does not hold up another that can, except where only the size of its first one is in the way: then what is free is kept
 * for it, or small ones would pass it for ever. Pure.
 */
import { EVERY_TASK } from "../../../sdk/spec/index.ts";
import { poolOf, type Reservation } from "./limits.ts";

/** What is taken of limits, by reservations. */
export interface Usage {
  /** Slots of each pool; -1 for no limit. */
  readonly pools: ReadonlyMap<string, number>;
  /** Slots of each limit, by name, that others hold now. */
  readonly held: ReadonlyMap<string, number>;
}

/** Instances that wait with the same reservations. */
export interface Line {
  readonly text: string;
  readonly reservations: readonly Reservation[];
}

/** An instance that waits for its places. */
export interface Waiter {
  readonly instanceId: number;
  readonly line: string;
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

/** How many slots a reservation's limit has: infinity for none; undefined for a pool that does not exist. */
function slotsOf(reservation: Reservation, { pools }: Usage): number | undefined {
  const pool = poolOf(reservation);
  if (pool === undefined) return reservation.limit ?? Number.POSITIVE_INFINITY;
  const slots = pools.get(pool);
  // Taking the limit on everything away must let everything go.
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

/** The pool that can never hold these reservations, closed ones apart: whoever made it small may make it large again, but not by waiting. */
export function tooSmall(reservations: readonly Reservation[], usage: Usage): TooSmall | undefined {
  for (const reservation of reservations) {
    const refusal = refusalOf(reservation, usage);
    if (refusal?.why === "pool_too_small") return refusal;
  }
  return undefined;
}

/** How many of a line are worth looking at: those that may fit; 1 when the first one may have to be kept a place; 0 for none. */
export function worthLooking(line: Line, usage: Usage): number {
  const fits = line.reservations.map((reservation) =>
    Math.floor(
      ((slotsOf(reservation, usage) ?? 0) - (usage.held.get(reservation.name) ?? 0)) /
        reservation.slots,
    ),
  );
  const most = Math.max(0, Math.min(Number.POSITIVE_INFINITY, ...fits));
  return most > 0 ? most : isOnlyTooLarge(line.reservations, usage) ? 1 : 0;
}

/**
 * Gives places. @param waiters of each line the first ones, in any order
 * @returns the instances that may go, in the order in which they may
 */
export function admit(
  lines: readonly Line[],
  waiters: readonly Waiter[],
  usage: Usage,
): readonly number[] {
  const reservationsOf = new Map(lines.map(({ text, reservations }) => [text, reservations]));
  const held = new Map(usage.held);
  const now: Usage = { pools: usage.pools, held };
  const admitted: number[] = [];
  const stuck = new Set<string>();
  for (const { instanceId, line } of [...waiters].sort(inOrder)) {
    const reservations = reservationsOf.get(line) ?? [];
    if (stuck.has(line)) continue;
    if (reservations.every((reservation) => refusalOf(reservation, now) === null)) {
      for (const { name, slots } of reservations) held.set(name, (held.get(name) ?? 0) + slots);
      admitted.push(instanceId);
      continue;
    }
    stuck.add(line);
    if (isOnlyTooLarge(reservations, now)) keepFor(reservations, now, held);
  }
  return admitted;
}

/** Whether each limit in the way has something free, only not enough for one of this size. */
function isOnlyTooLarge(reservations: readonly Reservation[], usage: Usage): boolean {
  const refusals = reservations.flatMap((reservation) => refusalOf(reservation, usage) ?? []);
  return (
    refusals.length > 0 &&
    refusals.every((refusal) => refusal.why === "full" && refusal.held < refusal.limit)
  );
}

/** What is free of the limits in the way is taken by nobody until there is enough. */
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
