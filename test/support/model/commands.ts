/**
 * The moves as fast-check commands: which one is made follows from the numbers drawn and
 * from the world as it then is.
 */

import { MARKS } from "../../../runtime/state/task_state.ts";
import fc from "../fast_check.ts";
import * as moves from "./moves.ts";
import { type DrawnEnd, drawnEnd, endInWords } from "./outcomes.ts";
import type { Clearing } from "./people.ts";
import * as waits from "./wait_moves.ts";
import type { HeldClaim, Move, RealRun, World } from "./world.ts";

/** What fast-check hands on from command to command; it lets a check see no class. */
export interface Playing {
  readonly world: World;
  /**
   * Does something at a time that a scheduler picks; absent where everything is done at
   * once.
   */
  readonly later?: (what: string, job: () => Promise<void>) => void;
}

export type Command = fc.AsyncCommand<Playing, RealRun>;

/** @param make what is done in a world; null where there is nothing to do */
function command(name: string, make: (world: World) => Move | null, needsStore = false): Command {
  return {
    check: ({ world }) => (world.isStored || !needsStore) && make(world) !== null,
    run: ({ world }, real) =>
      world.alone(async () => {
        const move = make(world);
        if (move !== null) await world.make(real, move);
      }),
    toString: () => name,
  };
}

const index = fc.nat(9);
const worker = fc.nat(2);

/** Some of the claims that hold their instances: from one on, so many. */
function someLive(world: World, from: number, many: number) {
  const held = moves.live(world);
  const first = held.length === 0 ? 0 : from % held.length;
  return held.slice(first, first + many);
}

const taskIn = (world: World, at: number): string => moves.one(world.shape.tasks, at)!.id;

const took = fc
  .tuple(index, worker)
  .map(([at, by]) => command(`take ${at}`, (world) => moves.takeNext(world, at, by)));
const ended = fc
  .tuple(index, fc.array(drawnEnd, { minLength: 1, maxLength: 3 }))
  .map(([at, ways]) =>
    command(`end from ${at}: ${ways.map(endInWords).join(", ")}`, (world) =>
      moves.endSome(world, someLive(world, at, ways.length), ways),
    ),
  );
const late = fc
  .tuple(index, drawnEnd)
  .map(([at, as]) => command(`late ${at}`, (world) => moves.sayLate(world, at, as)));
const killed = worker.map((by) => command(`kill ${by}`, (world) => moves.kill(world, by)));
const takenAgain = index.map((at) =>
  command(`take again ${at}`, (world) => moves.takeAgain(world, at)),
);
const ticked = fc.constant(
  command("tick", (world) => (moves.waitsForTime(world) ? moves.passTime(world) : null)),
);
const rolledBack = fc
  .tuple(index, drawnEnd)
  .map(([at, as]) => command(`roll back ${at}`, (world) => moves.rollBack(world, at, as), true));
const answered = index.map((at) => command(`answer ${at}`, (world) => waits.answerOne(world, at)));
const callEnded = fc
  .tuple(index, fc.boolean())
  .map(([at, succeeds]) =>
    command(`end call ${at}`, (world) => waits.endCall(world, at, succeeds)),
  );
const taskStopped = index.map((at) =>
  command(`cancel ${at}`, (world) => moves.stopTask(taskIn(world, at))),
);
const itemStopped = fc
  .tuple(index, fc.nat(2))
  .map(([at, item]) =>
    command(
      `cancel item ${item} of ${at}`,
      (world) => moves.stopTask(taskIn(world, at), item),
      true,
    ),
  );
const runStopped = fc.constant(command("cancel run", () => moves.stopRun(), true));
const paused = fc
  .boolean()
  .map((is) => command(is ? "pause" : "unpause", () => moves.setPaused(is), true));
const whatIsCleared = fc.constantFrom(
  ...([
    "the task",
    "and what comes after",
    "and what comes before",
    "one item",
    "what failed",
    "what failed and after",
  ] as const),
);
const cleared = fc
  .tuple(index, whatIsCleared, fc.nat(2))
  .map(([at, what, item]) =>
    command(
      `clear ${at}, ${what}`,
      (world) => moves.clearSome({ task: taskIn(world, at), what, item }),
      true,
    ),
  );
const marked = fc
  .tuple(index, fc.constantFrom(...MARKS), fc.option(fc.nat(2)))
  .map(([at, to, item]) =>
    command(`mark ${at} ${to}`, (world) => moves.mark(taskIn(world, at), to, item), true),
  );

/** All that can be done to a run, what is done most more often. */
const ALL = [
  took,
  took,
  took,
  took,
  ended,
  ended,
  ended,
  late,
  killed,
  takenAgain,
  ticked,
  taskStopped,
  answered,
  callEnded,
];
const STORED = [rolledBack, itemStopped, runStopped, paused, cleared, cleared, marked];

/**
 * Two or three moves at the same moment: what workers do, and at most one thing that a
 * person does.
 */
const together = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom("take", "end", "kill"), index, worker, drawnEnd), {
      minLength: 1,
      maxLength: 2,
    }),
    fc.option(fc.tuple(index, whatIsCleared, fc.constantFrom("clear", "mark", "cancel"))),
  )
  .map(([ofWorkers, ofPerson]) => atOnce(ofWorkers, ofPerson));

type OfWorker = readonly ["take" | "end" | "kill", number, number, DrawnEnd];

function atOnce(
  ofWorkers: readonly OfWorker[],
  ofPerson: readonly [number, Clearing["what"], "clear" | "mark" | "cancel"] | null,
): Command {
  const movesIn = (world: World): readonly Move[] => {
    const made = ofWorkers.map(([what, at, by, as]) => ofOneWorker(world, what, at, by, as));
    return [...made, ...(ofPerson === null ? [] : [ofOnePerson(world, ...ofPerson)])].filter(
      (move) => move !== null,
    );
  };
  return {
    check: ({ world }) => world.isStored && movesIn(world).length > 1,
    run: ({ world }, real) => world.alone(() => world.makeTogether(real, movesIn(world))),
    toString: () =>
      `at once(${[...ofWorkers.map(([what, at]) => `${what} ${at}`), ...(ofPerson ? [`${ofPerson[2]} ${ofPerson[0]}`] : [])].join(", ")})`,
  };
}

function ofOneWorker(world: World, ...[what, at, by, as]: OfWorker): Move | null {
  if (what === "take") return moves.takeNext(world, at, by);
  return what === "kill"
    ? moves.kill(world, by)
    : moves.endSome(world, someLive(world, at, 1), [as]);
}

function ofOnePerson(
  world: World,
  at: number,
  what: Clearing["what"],
  how: "clear" | "mark" | "cancel",
): Move {
  const task = taskIn(world, at);
  if (how === "clear") return moves.clearSome({ task, what, item: 0 });
  return how === "mark" ? moves.mark(task, "success", null) : moves.stopTask(task);
}

/**
 * A worker takes a try, and says how it ended some time later, whatever has happened to
 * the try meanwhile.
 */
const worked = fc.tuple(index, worker, drawnEnd).map(
  ([at, by, as]): Command => ({
    check: ({ world }) => moves.takeNext(world, at, by) !== null,
    run: ({ world, later }, real) =>
      world.alone(async () => {
        const move = moves.takeNext(world, at, by);
        if (move === null) return;
        await world.make(real, move);
        const claim = world.claims.at(-1)!;
        later?.(`the end of ${claim.task}`, () => world.alone(() => say(world, real, claim, as)));
      }),
    toString: () => `work ${at} to ${endInWords(as)}`,
  }),
);

async function say(world: World, real: RealRun, claim: HeldClaim, as: DrawnEnd): Promise<void> {
  const move = moves.sayWhenever(world, claim, as);
  if (move !== null) await world.make(real, move);
}

/** Sequences in which ends of tries come between whatever else is done. */
export const interleaved = fc.commands<Playing, RealRun, false>(
  [worked, worked, worked, killed, ticked, answered, taskStopped, rolledBack, cleared, marked],
  { maxCommands: 20, size: "max" },
);
/** Sequences of what workers do, to whatever run. */
export const byWorkers = fc.commands<Playing, RealRun, false>(
  [
    took,
    took,
    took,
    took,
    ended,
    ended,
    ended,
    late,
    killed,
    takenAgain,
    ticked,
    ticked,
    rolledBack,
  ],
  { maxCommands: 40, size: "max" },
);
/** Sequences of what can be done to a run in memory. */
export const inMemory = fc.commands<Playing, RealRun, false>(ALL, { maxCommands: 40, size: "max" });
/**
 * Sequences of what can be done to a run on PostgreSQL, where people do things and things
 * happen at the same moment.
 */
export const inPostgres = fc.commands<Playing, RealRun, false>(
  [...ALL, ...STORED, together, together],
  { maxCommands: 25, size: "max" },
);
