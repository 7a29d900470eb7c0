/**
 * The transaction that grants slots. It runs once at a time in the whole deployment, so
 * that no two transactions count the same free slot. It waits for no lock, so it cannot
 * be part of a deadlock, and a frozen transaction holds up nothing but the slots.
 */
import {
  admit,
  type TooSmall,
  tooSmall,
  type Usage,
  type Waiter,
  type WaitQueue,
  worthLooking,
} from "../../engine/limits/admission.ts";
import { parseReservations, type Reservation } from "../../engine/limits/limits.ts";
import type { TryRef } from "../../state/task_state.ts";
import type { Database, Queryable, Statement } from "../database/database.ts";
import { retryHeld } from "../database/retry_held.ts";
import {
  deleteStaleRequests,
  dropWaiting,
  markGranted,
  nextInQueues,
  readUsage,
  waitQueues,
} from "./slot_request.ts";

const LOCK: Statement = {
  name: "slot_request_lock",
  text: "select pg_try_advisory_xact_lock(hashtextextended('dagsmith slots', 0)) as locked",
};

/** Instances of one wait queue in one transaction. */
const MOST_OF_A_QUEUE = 500;
/**
 * Rows of instances that no longer wait, for instance cancelled ones, may come before one
 * that does.
 */
const STALE_AHEAD = 50;

/** An instance that can never get its slots, and the pool that is too small for it. */
export interface Ungrantable extends TryRef, TooSmall {
  readonly runId: number;
}

/**
 * Grants all free slots for which instances wait. While another transaction grants them
 * for seconds, they are left to the scheduler.
 * @returns the instances that can never get their slots; the caller ends them
 */
export async function admitWaiting(db: Database): Promise<readonly Ungrantable[]> {
  const found: Ungrantable[] = [];
  await retryHeld([SLOTS], async () => {
    const { isFree, ungrantable } = await grantFree(db);
    found.push(...ungrantable);
    return isFree ? [] : [SLOTS];
  });
  return found;
}

/** The one thing that the lock protects. */
const SLOTS = "slots";

/** What a transaction granted, and whether it had the lock. */
interface Grants {
  readonly isFree: boolean;
  readonly ungrantable: readonly Ungrantable[];
  readonly hasMore: boolean;
}

async function grantFree(db: Database): Promise<Grants> {
  for (;;) {
    // Read without the lock: where no instance waits, no transaction takes the lock.
    if ((await waitQueues(db)).length === 0) return NOTHING;
    const grants = await db.transaction(grantOnce);
    if (!grants.hasMore || grants.ungrantable.length > 0) return grants;
  }
}

const NOTHING: Grants = { isFree: true, ungrantable: [], hasMore: false };

async function grantOnce(tx: Queryable): Promise<Grants> {
  const [lock] = await tx.query<{ locked: boolean }>(LOCK);
  if (!lock?.locked) return { ...NOTHING, isFree: false };
  const queues = (await waitQueues(tx)).map(
    (text): WaitQueue => ({ text, reservations: parseReservations(text) }),
  );
  const rates = ratesIn(queues);
  await deleteStaleRequests(tx, rates);
  const usage = await readUsage(tx, rates);
  const { waiting, gone } = await nextInQueues(
    tx,
    queues.flatMap((queue) => wantedOf(queue, usage)),
  );
  await dropWaiting(tx, gone);
  const hopeless = new Map(
    queues.flatMap((queue) => {
      const pool = tooSmall(queue.reservations, usage);
      return pool ? [[queue.text, pool]] : [];
    }),
  );
  const granted = await grant(
    tx,
    queues,
    waiting.filter(({ waitQueue }) => !hopeless.has(waitQueue)),
    usage,
  );
  return {
    isFree: true,
    ungrantable: waiting.flatMap(({ instanceId, tryNumber, runId, waitQueue }) => {
      const pool = hopeless.get(waitQueue);
      return pool ? [{ instanceId, tryNumber, runId, ...pool }] : [];
    }),
    // More may wait behind left-over rows, and beyond the limit of one transaction.
    hasMore: gone.length > 0 || granted >= MOST_OF_A_QUEUE,
  };
}

function wantedOf(
  queue: WaitQueue,
  usage: Usage,
): readonly { readonly text: string; readonly most: number }[] {
  const { text, reservations } = queue;
  if (tooSmall(reservations, usage)) return [{ text, most: MOST_OF_A_QUEUE }];
  const worth = worthLooking(queue, usage);
  return worth > 0 ? [{ text, most: Math.min(MOST_OF_A_QUEUE, worth) + STALE_AHEAD }] : [];
}

async function grant(
  tx: Queryable,
  queues: readonly WaitQueue[],
  waiters: readonly Waiter[],
  usage: Usage,
): Promise<number> {
  const reservationsOf = new Map(queues.map(({ text, reservations }) => [text, reservations]));
  const queueOf = new Map(waiters.map(({ instanceId, waitQueue }) => [instanceId, waitQueue]));
  const granted = admit(queues, waiters, usage);
  const starts = granted.flatMap((instanceId) =>
    (reservationsOf.get(queueOf.get(instanceId) ?? "") ?? [])
      .filter(({ perMs }) => perMs !== null)
      .map((reservation) => ({ instanceId, reservation })),
  );
  await markGranted(tx, granted, starts);
  return granted.length;
}

/** The rates among the reservations of wait queues. */
function ratesIn(queues: readonly WaitQueue[]): readonly Reservation[] {
  return queues.flatMap(({ reservations }) => reservations.filter(({ perMs }) => perMs !== null));
}
