/**
 * The transaction in which places are given. One at a time in the whole deployment, so that no two count the same free place; it holds
 * nothing else when it takes its turn and waits for nobody after, so it cannot be part of a deadlock.
 */
import {
  admit,
  type Line,
  type TooSmall,
  tooSmall,
  type Usage,
  type Waiter,
  worthLooking,
} from "../../engine/limits/admission.ts";
import { parseReservations, type Reservation } from "../../engine/limits/limits.ts";
import type { TryRef } from "../../state/task_state.ts";
import type { Database, Queryable, Statement } from "../database/database.ts";
import {
  deleteStaleRequests,
  dropWaiting,
  markGranted,
  nextInQueues,
  readUsage,
  waitQueues,
} from "./slot_request.ts";

const TAKE_TURN: Statement = {
  name: "place_turn",
  text: "select pg_advisory_xact_lock(hashtextextended('dagsmith places', 0))",
};

/** Of one line in one transaction. */
const MOST_OF_A_LINE = 500;
/** Rows of instances that do not wait any more (cancelled, say) may stand before one that does. */
const STALE_AHEAD = 50;

/** An instance that no place can be given to, and why. */
export interface Ungrantable extends TryRef, TooSmall {
  readonly runId: number;
}

/** Gives every free place that somebody waits for. @returns those that can never get one, which the caller ends */
export async function admitWaiting(db: Database): Promise<readonly Ungrantable[]> {
  for (;;) {
    // Asked outside the turn: where nobody waits, nobody queues up.
    if ((await waitQueues(db)).length === 0) return [];
    const { ungrantable, hasMore } = await db.transaction(giveOnce);
    if (!hasMore || ungrantable.length > 0) return ungrantable;
  }
}

async function giveOnce(
  tx: Queryable,
): Promise<{ readonly ungrantable: readonly Ungrantable[]; readonly hasMore: boolean }> {
  await tx.query(TAKE_TURN);
  const lines = (await waitQueues(tx)).map(
    (text): Line => ({ text, reservations: parseReservations(text) }),
  );
  const rates = ratesIn(lines);
  await deleteStaleRequests(tx, rates);
  const usage = await readUsage(tx, rates);
  const { waiting, gone } = await nextInQueues(
    tx,
    lines.flatMap((line) => wantedOf(line, usage)),
  );
  await dropWaiting(tx, gone);
  const doomed = new Map(
    lines.flatMap((line) =>
      tooSmall(line.reservations, usage) ? [[line.text, tooSmall(line.reservations, usage)]] : [],
    ),
  );
  const going = await give(
    tx,
    lines,
    waiting.filter(({ line }) => !doomed.has(line)),
    usage,
  );
  return {
    ungrantable: waiting.flatMap(({ instanceId, tryNumber, runId, line }) => {
      const pool = doomed.get(line);
      return pool ? [{ instanceId, tryNumber, runId, ...pool }] : [];
    }),
    // Behind rows of instances that had gone, and beyond what one transaction takes, others may stand.
    hasMore: gone.length > 0 || going >= MOST_OF_A_LINE,
  };
}

function wantedOf(
  line: Line,
  usage: Usage,
): readonly { readonly text: string; readonly most: number }[] {
  if (tooSmall(line.reservations, usage)) return [{ text: line.text, most: MOST_OF_A_LINE }];
  const worth = worthLooking(line, usage);
  return worth > 0
    ? [{ text: line.text, most: Math.min(MOST_OF_A_LINE, worth) + STALE_AHEAD }]
    : [];
}

async function give(
  tx: Queryable,
  lines: readonly Line[],
  waiters: readonly Waiter[],
  usage: Usage,
): Promise<number> {
  const reservationsOf = new Map(lines.map(({ text, reservations }) => [text, reservations]));
  const lineOf = new Map(waiters.map(({ instanceId, line }) => [instanceId, line]));
  const granted = admit(lines, waiters, usage);
  const starts = granted.flatMap((instanceId) =>
    (reservationsOf.get(lineOf.get(instanceId) ?? "") ?? [])
      .filter(({ perMs }) => perMs !== null)
      .map((reservation) => ({ instanceId, reservation })),
  );
  await markGranted(tx, granted, starts);
  return granted.length;
}

/** The rates among the reservations of lines. */
function ratesIn(lines: readonly Line[]): readonly Reservation[] {
  return lines.flatMap(({ reservations }) => reservations.filter(({ perMs }) => perMs !== null));
}
