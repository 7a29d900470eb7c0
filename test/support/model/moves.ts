/**
 * The moves that can be made in a world as it is: to its model, and to its run through
 * the same doors that workers and people use.
 */
import { cancelRun as cancelStoredRun } from "../../../runtime/actions/cancel.ts";
import { cancelTask as cancelStoredTask } from "../../../runtime/actions/cancel_task.ts";
import { clearRuns } from "../../../runtime/actions/clear.ts";
import { markTask as markStoredTask } from "../../../runtime/actions/mark.ts";
import { pauseDag, unpauseDag } from "../../../runtime/actions/pause.ts";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import type { Outcome } from "../../../runtime/engine/results/outcome.ts";
import { isFinal, type Mark } from "../../../runtime/state/task_state.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { startQueuedRuns } from "../../../runtime/transactions/start_runs.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import { endOf, lost, type Seen } from "../engine_driver.ts";
import { isGroup } from "./dag_shape.ts";
import { instancesOf, taskOf } from "./model_state.ts";
import { type DrawnEnd, endInWords, outcomeOf } from "./outcomes.ts";
import { type Clearing, cancelRun, cancelTask, clear, markTask, pause } from "./people.ts";
import {
  at,
  endTries,
  mayBeTaken,
  type Place,
  scopeKey,
  take,
  tick,
  tryOf,
} from "./worker_moves.ts";
import type { HeldClaim, Move, RealRun, World } from "./world.ts";

const ACTOR = "ann";

/** The one that a number means, of however many there are. */
export function one<Of>(of: readonly Of[], index: number): Of | undefined {
  return of[index % (of.length || 1)];
}

export function places({ model }: World): readonly Place[] {
  return model.shape.tasks.flatMap(({ id }) =>
    Object.keys(model.tasks[id]!).map((index) => ({ task: id, index: Number(index) })),
  );
}

function takeable(world: World): readonly Place[] {
  return places(world).filter((place) => mayBeTaken(at(world.model, place)!));
}

/** Claims that hold their instances. */
export function live({ claims, model }: World): readonly HeldClaim[] {
  return claims.filter((claim) => {
    const instance = at(model, claim);
    return instance?.state === "running" && instance.claim === claim.number;
  });
}

/** A worker takes a token that is due, and claims the try. */
export function takeNext(world: World, index: number, worker: number): Move | null {
  const place = one(takeable(world), index);
  if (place === undefined) return null;
  const name = workerName(world, worker);
  const seen = world.seen.get(scopeKey(place))!;
  world.claimsAsked += 1;
  const of = tryOf(at(world.model, place)!);
  const claim = { ...place, of, number: world.claimsAsked, worker: name, seen };
  return {
    text: `${name} takes ${scopeKey(place)}`,
    apply: (model) => take(model, claim),
    perform: async ({ driver }) => {
      if (!(await driver.take(seen, name))) return "refused";
      world.claim(claim);
      return "taken";
    },
  };
}

function workerName({ killed }: World, worker: number): string {
  return `worker-${worker}${"'".repeat(killed[worker] ?? 0)}`;
}

/** A token that was delivered before, or speaks of a try that is over, comes again. */
export function takeAgain(world: World, index: number): Move | null {
  const stale = world.claims.filter(
    (claim) => !mayBeTaken(at(world.model, claim) ?? ({ state: "success", isDue: false } as never)),
  );
  const claim = one(stale, index);
  if (claim === undefined) return null;
  return {
    text: `the token of try ${claim.seen.tryNumber} of ${scopeKey(claim)} comes again`,
    apply: () => "refused",
    perform: async ({ driver }) =>
      (await driver.take(claim.seen, "worker-9")) ? "taken" : "refused",
  };
}

/** Tries end, in one batch, each in its own way. */
export function endSome(
  world: World,
  claims: readonly HeldClaim[],
  ways: readonly DrawnEnd[],
): Move | null {
  if (claims.length === 0) return null;
  const wayOf = new Map(claims.map((claim, at) => [claim, ways[at % ways.length]!]));
  const outcome = (claim: HeldClaim): Outcome =>
    outcomeOf(world.shape, taskOf(world.model, claim.task), wayOf.get(claim)!);
  return ending(
    claims,
    outcome,
    claims.map((claim) => endInWords(wayOf.get(claim)!)).join(" and "),
  );
}

function ending(
  claims: readonly HeldClaim[],
  outcome: (of: HeldClaim) => Outcome,
  how: string,
): Move {
  const ends = claims.map((claim) => ({ claim, outcome: outcome(claim) }));
  const tries = claims.map(
    (claim) => `try ${claim.seen.tryNumber} of ${scopeKey(claim)} by ${claim.worker}`,
  );
  return {
    text: `${tries.join(" and ")}: ${how}`,
    apply: (model) => endTries(model, ends),
    perform: async ({ driver }) => {
      const { accepted } = await driver.complete(
        ends.map(({ claim, outcome: end }) => endOf(claim.seen, end, claim.worker)),
      );
      const counted = claims.filter(({ seen }) => accepted.has(seen.id)).map(scopeKey);
      return `counted: ${counted.toSorted().join(" ")}`;
    },
  };
}

/**
 * A try that is over, or was taken away, says how it ended. A sensor's next poke is the
 * same try by the same worker, and no fence.
 */
export function sayLate(world: World, index: number, as: DrawnEnd): Move | null {
  const held = new Set(live(world));
  const stale = world.claims.filter(
    (claim) => !held.has(claim) && taskOf(world.model, claim.task).kind !== "sensor",
  );
  const claim = one(stale, index);
  return claim === undefined ? null : endSome(world, [claim], [as]);
}

/** A claim says how its try ended, whether it holds it still or not. */
export function sayWhenever(world: World, claim: HeldClaim, as: DrawnEnd): Move | null {
  if (!live(world).includes(claim) && taskOf(world.model, claim.task).kind === "sensor")
    return null;
  return endSome(world, [claim], [as]);
}

/** A worker dies with all it runs. */
export function kill(world: World, worker: number): Move | null {
  const name = workerName(world, worker);
  const claims = live(world).filter((claim) => claim.worker === name);
  if (claims.length === 0) return null;
  const ends = ending(claims, () => lost, "lost with their worker");
  return {
    ...ends,
    perform: (real) => {
      world.killed[worker] = (world.killed[worker] ?? 0) + 1;
      return ends.perform(real);
    },
  };
}

/** The server goes away before a round is committed. */
export function rollBack(world: World, index: number, as: DrawnEnd): Move | null {
  const claim = one(live(world), index);
  if (claim === undefined) return null;
  const outcome = outcomeOf(world.shape, taskOf(world.model, claim.task), as);
  return {
    text: `${scopeKey(claim)}: ${endInWords(as)}, and the server goes away`,
    apply: () => "the server went away",
    perform: ({ stored }) =>
      runEngineTransaction(stored!.db, stored!.plans, async (tx): Promise<string> => {
        await completeTries(tx, [endOf(claim.seen, outcome, claim.worker)]);
        throw new Error("the server went away");
      }).catch((error: Error) => error.message),
  };
}

/** The time of everything that waits comes. */
export function passTime({ shape }: World): Move {
  return {
    text: "time passes",
    // What a group did is done again in its next try.
    ...(shape.tasks.some(isGroup) ? { isPersons: true as const } : {}),
    apply: tick,
    perform: async ({ driver }) => {
      await driver.passTime();
      return "done";
    },
  };
}

/**
 * Stops a task, or one item of it. The memory store has no such action, and gets the
 * outcome that the action sends.
 */
export function stopTask(task: string, item: number | null = null): Move {
  const mapIndex = item === null ? {} : { mapIndex: item };
  return {
    text: `cancelled: ${scopeKey({ task, index: item ?? -1 })}`,
    apply: (model) => cancelTask(model, task, item),
    perform: async ({ driver, stored }) => {
      if (stored)
        return answer(
          cancelStoredTask(stored.db, { id: stored.id, taskId: task, ...mapIndex, actor: ACTOR }),
        );
      const isMeant = (seen: Seen): boolean =>
        seen.taskId === task && (item === null || seen.mapIndex === item) && !isFinal(seen.state);
      const open = (await driver.look()).instances.filter(isMeant);
      const ends = open.map((seen) =>
        endOf(seen, { kind: "cancelled", state: seen.state, reason: "cancelled by ann" }, ""),
      );
      return (await driver.complete(ends)).accepted.size > 0 ? "done" : "TASK_NOT_ACTIVE";
    },
  };
}

export function stopRun(): Move {
  return persons("the run is cancelled", cancelRun, ({ db, id }) =>
    cancelStoredRun(db, { id, actor: ACTOR }),
  );
}

export function clearSome(clearing: Clearing): Move {
  const { task: taskId, what, item } = clearing;
  return persons(
    `cleared: ${taskId}${what === "the task" ? "" : `, ${what}`}${what === "one item" ? ` [${item}]` : ""}`,
    (model) => clear(model, clearing),
    ({ db, id }) =>
      clearRuns(db, {
        ...{ of: { run: id }, taskId, actor: ACTOR },
        ...{
          downstream: what === "and what comes after" || what === "what failed and after",
          upstream: what === "and what comes before",
        },
        ...{
          onlyFailed: what.startsWith("what failed"),
          ...(what === "one item" ? { mapIndex: item } : {}),
        },
      }),
  );
}

export function mark(taskId: string, to: Mark, item: number | null): Move {
  const mapIndex = item === null ? {} : { mapIndex: item };
  return persons(
    `marked ${to}: ${scopeKey({ task: taskId, index: item ?? -1 })}`,
    (model) => markTask(model, taskId, to, item),
    ({ db, id }) => markStoredTask(db, { id, taskId, ...mapIndex, to, actor: ACTOR }),
  );
}

/** Nothing begins while a DAG is paused; what has begun goes on. */
export function setPaused(isPaused: boolean): Move {
  return persons(
    isPaused ? "the DAG is paused" : "the DAG is unpaused",
    (model) => pause(model, isPaused),
    async ({ db, plans }, { dagId }) => {
      if (isPaused) return pauseDag(db, { dagId, actor: ACTOR });
      await unpauseDag(db, { dagId, actor: ACTOR });
      await startQueuedRuns(db, plans, [dagId]);
    },
  );
}

type Stored = NonNullable<RealRun["stored"]>;

function persons(
  text: string,
  apply: Move["apply"],
  act: (stored: Stored, spec: RealRun["spec"]) => Promise<unknown>,
): Move {
  return {
    text,
    isPersons: true,
    apply,
    perform: ({ stored, spec }) => answer(act(stored!, spec)),
  };
}

/** `done`, or the code of the refusal. */
export async function answer(act: Promise<unknown>): Promise<string> {
  try {
    await act;
    return "done";
  } catch (error) {
    if (error instanceof DagsmithError) return error.code;
    throw error;
  }
}

/** Whether something of the run waits for its time. */
export function waitsForTime({ model }: World): boolean {
  return model.shape.tasks.some(({ id }) =>
    instancesOf(model, id).some(
      ({ state, isDue }) =>
        state === "up_for_reschedule" ||
        state === "deferred" ||
        (state === "up_for_retry" && !isDue),
    ),
  );
}
