/**
 * Ends of waits: a person answers a question, and the run that a task called ends. In
 * memory there is neither action nor run: it gets the outcome that these come to.
 */
import { answerQuestion } from "../../../runtime/actions/answer.ts";
import type { Outcome } from "../../../runtime/engine/results/outcome.ts";
import { followCalls } from "../../../runtime/scheduler/jobs/follow_calls.ts";
import { driverOf, endOf, failed, runnable, type Seen, success } from "../engine_driver.ts";
import { rows } from "../migrated.ts";
import { taskOf } from "./model_state.ts";
import { answer, one, places } from "./moves.ts";
import { at, endWait, type Place, scopeKey } from "./worker_moves.ts";
import type { Move, RealRun, World } from "./world.ts";

type Stored = NonNullable<RealRun["stored"]>;

const FAILED: Outcome = {
  ...{ kind: "call_failed", reason: "Error: no", retryable: true },
  error: { name: "Error", message: "no", stack: "" },
};

function waitingPlaces(world: World, kind: "question" | "call"): readonly Place[] {
  return places(world).filter(
    (place) =>
      taskOf(world.model, place.task).kind === kind && at(world.model, place)?.state === "deferred",
  );
}

/** A person answers one of the questions that are open. */
export function answerOne(world: World, index: number): Move | null {
  const place = one(waitingPlaces(world, "question"), index);
  if (place === undefined) return null;
  return {
    text: `answered: ${scopeKey(place)}`,
    apply: (model) => endWait(model, place, "yes"),
    perform: (real) =>
      real.stored
        ? answer(answerIn(real.stored, place.task))
        : ended(real, world.seen.get(scopeKey(place))!, { kind: "resumed", output: '"yes"' }),
  };
}

function answerIn({ db, id }: Stored, taskId: string): Promise<unknown> {
  return answerQuestion(db, { ...{ id, taskId, value: "yes" }, ...{ actor: "ann", by: "ann" } });
}

/** The run that one of the tasks called ends, and the call with it. */
export function endCall(world: World, index: number, succeeds: boolean): Move | null {
  const place = one(waitingPlaces(world, "call"), index);
  if (place === undefined) return null;
  const seen = world.seen.get(scopeKey(place))!;
  const outcome = succeeds ? ({ kind: "resumed", output: '{"a":1}' } as const) : FAILED;
  return {
    text: `the run that ${scopeKey(place)} called ${succeeds ? "succeeds" : "fails"}`,
    apply: (model) => endWait(model, place, succeeds ? { a: 1 } : "failed"),
    perform: async (real) => {
      if (!real.stored) return ended(real, seen, outcome);
      await endCalledRun(real.stored, seen, succeeds);
      return "done";
    },
  };
}

async function ended({ driver }: RealRun, seen: Seen, outcome: Outcome): Promise<string> {
  await driver.complete([endOf(seen, outcome, "")]);
  return "done";
}

async function endCalledRun({ db, plans }: Stored, { id }: Seen, succeeds: boolean): Promise<void> {
  await followCalls(db, plans);
  const [call] = await rows<{ called: number }>(
    db,
    "select called_run_id as called from dagsmith.task_call where task_instance_id = $1",
    [id],
  );
  const called = driverOf(db, plans, call!.called);
  const [first] = runnable(await called.look());
  await called.take(first!);
  await called.complete([endOf(first!, succeeds ? success(1) : failed(false))]);
  await followCalls(db, plans);
}
