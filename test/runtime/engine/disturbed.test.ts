/**
 * A run that is disturbed in any way (workers that die, late results of dead tries, rounds that are rolled back, tasks that are cleared) ends
 * as it would have ended undisturbed. The model is that other run: in memory, one task after the other, with the same outcome for each task.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { clearRuns } from "../../../runtime/actions/clear.ts";
import { settle } from "../../../runtime/engine/settle.ts";
import { engineRound } from "../../../runtime/store/engine_tx.ts";
import { Plans } from "../../../runtime/store/plans.ts";
import { isDagsmithError } from "../../../sdk/errors.ts";
import { expectCountsHold } from "../../support/counts.ts";
import {
  beginInMemory,
  beginInPostgres,
  endOf,
  failed,
  lost,
  play,
  runnable,
  type Script,
  type Seen,
  skipped,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { graph, specOf } from "../../support/random_graph.ts";

const postgres = migratedDatabase();

const step = fc.record({
  kind: fc.constantFrom("take", "take", "end", "end", "kill", "late", "roll back", "clear"),
  at: fc.nat(9),
});
const draws = fc.array(fc.nat(9), { minLength: 1, maxLength: 20 });

/** Rules that decide alike in whatever order the tasks before end, as long as none of them fails or none is skipped. */
const ORDERLESS = ["all_success", "all_done", "none_failed", "none_failed_min_one_success", "always", "one_done"] as const;
const orderless = graph.map((tasks) =>
  tasks.map((task) => ({ ...task, triggerRule: ORDERLESS.find((rule) => rule === task.triggerRule) ?? ("all_success" as const) })),
);

/** The same at every try, so that what is done again comes out again. No list is empty: that would skip. */
const scriptOf =
  (seed: readonly number[], fails: boolean): Script =>
  ({ taskId, mapIndex }) => {
    const at = seed[(Number(taskId.slice(1)) * 7 + (mapIndex + 1) * 3) % seed.length] ?? 0;
    if (at < 7) return success([...Array((at % 4) + 1).keys()]);
    return fails ? failed(false) : skipped;
  };

interface Held {
  readonly instance: Seen;
  readonly worker: string;
}

test("it ends as it would have ended undisturbed, and its counts hold all the while", async () => {
  const begin = beginInPostgres(postgres);
  const { db } = postgres;
  const plans = new Plans();
  await fc.assert(
    fc.asyncProperty(orderless, draws, fc.boolean(), fc.array(step, { maxLength: 14 }), async (tasks, seed, fails, steps) => {
      const spec = specOf(tasks);
      const script = scriptOf(seed, fails);
      const expected = statesOf(await play(await beginInMemory(spec), script));
      const driver = await begin(spec);
      const [run] = await rows<{ id: number }>(db, "select id from dagsmith.dag_run where dag_id = $1", [spec.dagId]);
      const { id } = run!;
      let held: Held[] = [];
      const dead: Held[] = [];
      const of = <One>(list: readonly One[], at: number): One | undefined => list[at % (list.length || 1)];
      const end = async (one: Held, outcome = script(one.instance)): Promise<void> => {
        held = held.filter((other) => other !== one);
        const { accepted } = await driver.settle([endOf(one.instance, outcome, one.worker)]);
        expect(accepted.size, "the end of a try that its worker holds counts").toBe(1);
      };
      const disturb: Readonly<Record<(typeof steps)[number]["kind"], (at: number) => Promise<void>>> = {
        take: async (at) => {
          const instance = of(runnable(await driver.look()), at);
          const worker = `worker-${held.length}-${dead.length}`;
          if (instance && (await driver.take(instance, worker))) held.push({ instance, worker });
        },
        end: async (at) => {
          const one = of(held, at);
          if (one) await end(one);
        },
        kill: async (at) => {
          const one = of(
            held.filter(({ instance }) => instance.lostTries < 4),
            at,
          );
          if (!one) return;
          await end(one, lost);
          dead.push(one);
        },
        late: async (at) => {
          const one = of(dead, at);
          if (!one) return;
          const { accepted } = await driver.settle([endOf(one.instance, success("late"), one.worker)]);
          expect([...accepted], "a late result counts for nothing").toEqual([]);
        },
        "roll back": async (at) => {
          const one = of(held, at);
          if (!one) return;
          const before = await driver.look();
          const round = engineRound(db, plans, async (tx) => {
            await settle(tx, [endOf(one.instance, script(one.instance), one.worker)]);
            throw new Error("the server went away");
          });
          await expect(round).rejects.toThrow("the server went away");
          expect(await driver.look()).toEqual(before);
        },
        clear: async (at) => {
          const clearing = clearRuns(db, { of: { run: id }, taskId: `t${at % tasks.length}`, downstream: true, actor: "test" });
          await clearing.catch((error: unknown) => {
            if (!isDagsmithError(error, "CLEAR_RUNNING") && !isDagsmithError(error, "NOTHING_TO_CLEAR")) throw error;
          });
        },
      };
      const check = async (): Promise<void> => {
        await expectCountsHold(db, id, spec);
        const tokens = new Set(await driver.tokens());
        const { instances } = await driver.look();
        const queued = instances.filter(({ state }) => state === "queued").map((one) => `${one.id}#${one.tryNumber}`);
        expect(
          queued.filter((name) => !tokens.has(name)),
          "queued without a token",
        ).toEqual([]);
      };
      for (const { kind, at } of steps) {
        await disturb[kind](at);
        await check();
      }
      for (const one of held) await end(one);
      expect(statesOf(await play(driver, script))).toEqual(expected);
      await check();
    }),
    { numRuns: 60 },
  );
});
