/**
 * A run and its model side by side. Every move is made in both; they have to answer alike
 * and to show the same states, and some things have to hold whatever the model says. What
 * was done is kept as a story, which a failure tells.
 */
import { expect } from "vitest";
import { isFinal } from "../../../runtime/state/task_state.ts";
import type { Plans } from "../../../runtime/store/dags/plans.ts";
import type { Database } from "../../../runtime/store/database/database.ts";
import { errorMessage } from "../../../sdk/error_message.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { expectCountsHold } from "../counts.ts";
import type { Driver, Seen, Snapshot } from "../engine_driver.ts";
import { type DagShape, describeShape, isGroup } from "./dag_shape.ts";
import { copyOf, type RunModel } from "./model_state.ts";
import { openTasks } from "./run_model.ts";
import { type Claim, scopeKey } from "./worker_moves.ts";

/** A run in either store. */
export interface RealRun {
  readonly driver: Driver;
  readonly spec: DagSpec;
  /** On PostgreSQL: what people do goes through it. */
  readonly stored: { readonly db: Database; readonly plans: Plans; readonly id: number } | null;
}

/** A claim, with what the worker knows of the try. */
export interface HeldClaim extends Claim {
  readonly worker: string;
  readonly seen: Seen;
}

/** One thing that is done, to the model and to the run. */
export interface Move {
  readonly text: string;
  /** Ends may change: a person did it. */
  readonly isPersons?: true;
  readonly apply: (model: RunModel) => string;
  readonly perform: (real: RealRun) => Promise<string>;
}

/**
 * What a snapshot shows, but for what was cleared and items that their list no longer
 * has.
 */
function shownOf({ instances }: Snapshot): readonly Seen[] {
  return instances.filter(
    ({ state, reason }) =>
      (state as string) !== "none" &&
      !(state === "removed" && reason === "its list no longer has the item"),
  );
}

const nameOf = ({ taskId, mapIndex }: Seen): string => scopeKey({ task: taskId, index: mapIndex });

export class World {
  readonly shape: DagShape;
  readonly isStored: boolean;
  model: RunModel;
  /** Every claim that ever was; a worker may still speak for any of them. */
  readonly claims: HeldClaim[] = [];
  /** The instances as they were seen last. */
  readonly seen = new Map<string, Seen>();
  readonly story: string[] = [];
  /** Numbers for claims. */
  claimsAsked = 0;
  /** Workers that were killed, and came back under another name. */
  readonly killed: number[] = [0, 0, 0];
  readonly #claimed = new Set<string>();
  readonly #finals = new Map<string, string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(model: RunModel, isStored: boolean) {
    this.model = model;
    this.shape = model.shape;
    this.isStored = isStored;
  }

  /** Makes a move in both, and holds them against each other. */
  async make(real: RealRun, move: Move): Promise<void> {
    const expected = move.apply(this.model);
    await this.#telling(async () => {
      const answer = await move.perform(real);
      this.story.push(`${move.text} -> ${answer}`);
      expect(answer, "the answer").toBe(expected);
      await this.compare(real, move.isPersons === true);
    }, move.text);
  }

  /**
   * Makes moves at the same moment; what comes of them has to be what would have come of
   * them one after the other, in some order.
   */
  async makeTogether(real: RealRun, moves: readonly Move[]): Promise<void> {
    const text = `at once: ${moves.map((move) => move.text).join(" | ")}`;
    await this.#telling(async () => {
      const answers = await Promise.all(moves.map(({ perform }) => perform(real)));
      this.story.push(`${text} -> ${answers.join(" | ")}`);
      const found = await this.#read(real);
      const fits = permutations(moves.map((_, index) => index)).flatMap((order) => {
        const model = copyOf(this.model);
        const isAnswered = order.every((index) => moves[index]!.apply(model) === answers[index]);
        return isAnswered && JSON.stringify(statesIn(model)) === JSON.stringify(found)
          ? [model]
          : [];
      });
      expect(fits.length, `no order explains ${JSON.stringify(found)}`).toBeGreaterThan(0);
      this.model = fits[0]!;
      await this.compare(
        real,
        moves.some(({ isPersons }) => isPersons),
      );
    }, text);
  }

  /** Lets nothing else happen meanwhile. */
  alone<Result>(what: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(what);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  claim(claim: HeldClaim): void {
    const name = `${claim.seen.id}#${claim.seen.tryNumber}`;
    const isPoke = this.shape.tasks.some(({ id, kind }) => id === claim.task && kind === "sensor");
    expect(this.#claimed.has(name) && !isPoke, `try ${name} was claimed twice`).toBe(false);
    this.#claimed.add(name);
    this.claims.push(claim);
  }

  /** Holds the run against the model, and against what always holds. */
  async compare(real: RealRun, mayReopen = false): Promise<void> {
    const snapshot = await real.driver.look();
    const shown = shownOf(snapshot);
    this.seen.clear();
    for (const one of shown) this.seen.set(nameOf(one), one);
    expect(statesOf(snapshot)).toEqual(statesIn(this.model));
    if (this.model.run === "running")
      expect(snapshot.openTasks, "tasks that are open").toBe(openTasks(this.model));
    if (snapshot.run === "success" || snapshot.run === "failed")
      expect(
        shown.filter(({ state }) => !isFinal(state)).map(nameOf),
        "an ended run has nothing open",
      ).toEqual([]);
    this.#expectFinalsKept(shown, mayReopen);
    await this.#expectTokens(real, shown);
    if (real.stored && (this.model.run === "running" || this.model.endedByItself))
      await expectCountsHold(real.stored.db, real.stored.id, real.spec);
  }

  async #read(real: RealRun): Promise<unknown> {
    return statesOf(await real.driver.look());
  }

  /** Only people change what has ended, and decisions what could not run. */
  #expectFinalsKept(shown: readonly Seen[], mayReopen: boolean): void {
    if (mayReopen) this.#finals.clear();
    for (const one of shown) {
      const name = nameOf(one);
      const now = `${one.state} at try ${one.tryNumber}`;
      const before = this.#finals.get(name) ?? now;
      if (!(before.startsWith("upstream_failed at") && one.state === "skipped"))
        expect(before, `${name}, which had ended`).toBe(now);
      if (isFinal(one.state)) this.#finals.set(name, now);
    }
  }

  #isGroup({ taskId }: Seen): boolean {
    return this.shape.tasks.some((task) => task.id === taskId && isGroup(task));
  }

  /**
   * What may be taken has one token for the try that it is at; nothing has one for a try
   * to come.
   */
  async #expectTokens(real: RealRun, shown: readonly Seen[]): Promise<void> {
    const tokens = Map.groupBy(await real.driver.tokens(), (token) => token);
    for (const { id, taskId, tryNumber, state } of shown.filter((one) => !this.#isGroup(one))) {
      const own = tokens.get(`${id}#${tryNumber}`)?.length ?? 0;
      const isSensor = this.shape.tasks.some(
        (task) => task.id === taskId && task.kind === "sensor",
      );
      if (state === "queued" || state === "up_for_retry")
        expect(own, `tokens of ${taskId}, which may be taken`).toBeGreaterThan(0);
      if (!isSensor) expect(own, `tokens of one try of ${taskId}`).toBeLessThan(2);
      expect(
        tokens.get(`${id}#${tryNumber + 1}`) ?? [],
        `tokens of a try of ${taskId} to come`,
      ).toEqual([]);
    }
  }

  /** A failure tells what had been done. */
  async #telling(what: () => Promise<void>, text: string): Promise<void> {
    try {
      await what();
    } catch (error) {
      const story = [...describeShape(this.shape), ...this.story.map((line) => `- ${line}`)];
      const message = errorMessage(error);
      throw new Error(`${message}\n\nat: ${text}\nin ${story.join("\n")}`, { cause: error });
    }
  }
}

function statesOf(snapshot: Snapshot): object {
  const states = shownOf(snapshot).map(
    (one) => [nameOf(one), { state: one.state, item: one.mapIndex < 0 ? null : one.item }] as const,
  );
  return { run: snapshot.run, instances: sorted(states) };
}

function statesIn(model: RunModel): object {
  const states = Object.entries(model.tasks).flatMap(([task, own]) =>
    Object.entries(own).map(
      ([index, { state, item }]) =>
        [scopeKey({ task, index: Number(index) }), { state, item }] as const,
    ),
  );
  return { run: model.run, instances: sorted(states) };
}

function sorted(entries: readonly (readonly [string, object])[]): object {
  return Object.fromEntries(entries.toSorted(([a], [b]) => a.localeCompare(b)));
}

function permutations(of: readonly number[]): readonly (readonly number[])[] {
  if (of.length < 2) return [of];
  return of.flatMap((first) =>
    permutations(of.filter((one) => one !== first)).map((rest) => [first, ...rest]),
  );
}
