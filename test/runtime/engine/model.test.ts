/**
 * Any DAG, and whatever can happen to a run of it, held against a model that counts
 * nothing: tries end in any way and any order, workers die, results come late, people
 * clear, mark and cancel. After every move both show the same states. MODEL_RUNS=20 makes
 * twenty times as many runs.
 */

import { beforeAll, describe, expect, test } from "vitest";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { beginInMemory, beginInPostgres } from "../../support/engine_driver.ts";
import fc, { seed } from "../../support/fast_check.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import {
  byWorkers,
  type Command,
  inMemory,
  inPostgres,
  interleaved,
} from "../../support/model/commands.ts";
import {
  calledSpec,
  type DagShape,
  dagShape,
  groupedShape,
  specOf,
} from "../../support/model/dag_shape.ts";
import { drain } from "../../support/model/drain.ts";
import { drawnEnd } from "../../support/model/outcomes.ts";
import { beginModel } from "../../support/model/run_model.ts";
import { type RealRun, World } from "../../support/model/world.ts";

const { MODEL_RUNS = "1" } = process.env;
const many = Number(MODEL_RUNS);
const longest = 180_000 * Math.max(1, many);

const postgres = migratedDatabase();
beforeAll(() => known(postgres.db, calledSpec()));
const plans = new Plans();
const ends = fc.array(drawnEnd, { minLength: 1, maxLength: 20 });

interface Side {
  readonly world: World;
  readonly real: RealRun;
}

async function inMemoryOf(shape: DagShape): Promise<Side> {
  const spec = specOf(shape);
  const real = { driver: await beginInMemory(spec), spec, stored: null };
  return begun(new World(beginModel(shape), false), real);
}

async function inPostgresOf(shape: DagShape): Promise<Side> {
  const spec = specOf(shape);
  const { db } = postgres;
  const driver = await beginInPostgres(postgres)(spec);
  const [run] = await rows<{ id: number }>(
    db,
    "select id from dagsmith.dag_run where dag_id = $1",
    [spec.dagId],
  );
  return begun(new World(beginModel(shape), true), {
    driver,
    spec,
    stored: { db, plans, id: run!.id },
  });
}

async function begun(world: World, real: RealRun): Promise<Side> {
  await world.compare(real);
  return { world, real };
}

/** Plays commands, then the rest of the run. @returns what happened */
async function played(side: Side, commands: Iterable<Command>, rest: Parameters<typeof drain>[2]) {
  const { world, real } = side;
  await fc.asyncModelRun(() => ({ model: { world }, real }), commands);
  await drain(world, real, rest);
  return world.story;
}

describe("a run does what its model does", () => {
  const laterBy = (scheduler: fc.Scheduler) => {
    const jobs: Promise<void>[] = [];
    const errors: unknown[] = [];
    return {
      later: (what: string, job: () => Promise<void>) => {
        const ended = scheduler.schedule(Promise.resolve(), what).then(job);
        jobs.push(ended.catch((error: unknown) => void errors.push(error)));
      },
      all: async () => {
        await Promise.all(jobs);
        if (errors.length > 0) throw errors[0];
      },
    };
  };

  const interleavedIn = (sideOf: (shape: DagShape) => Promise<Side>) =>
    fc.asyncProperty(
      fc.scheduler(),
      dagShape,
      interleaved,
      ends,
      async (scheduler, shape, commands, rest) => {
        const { world, real } = await sideOf(shape);
        const { later, all } = laterBy(scheduler);
        await fc.scheduledModelRun(scheduler, () => ({ model: { world, later }, real }), commands);
        await all();
        await drain(world, real, rest);
      },
    );

  test.each([
    ["in memory", inMemoryOf, 500],
    ["on PostgreSQL", inPostgresOf, 40],
  ] as const)(
    "%s, whenever tries say how they ended",
    async (_where, sideOf, runs) => {
      await fc.assert(interleavedIn(sideOf), { numRuns: runs * many });
    },
    longest,
  );

  test("again, when the same is done again", async () => {
    const again = { seed: seed ?? Math.floor(Math.random() * 2 ** 31), numRuns: 100 };
    const stories = async (): Promise<readonly (readonly string[])[]> => {
      const told: (readonly string[])[] = [];
      const property = fc.asyncProperty(dagShape, inMemory, ends, async (shape, commands, rest) => {
        told.push(await played(await inMemoryOf(shape), commands, rest));
      });
      await fc.assert(property, again);
      return told;
    };
    expect(await stories()).toEqual(await stories());
  });

  test.each([
    ["in memory", inMemoryOf, 600],
    ["on PostgreSQL", inPostgresOf, 40],
  ] as const)(
    "%s, when it has groups that run as one",
    async (_where, sideOf, runs) => {
      const property = fc.asyncProperty(
        groupedShape,
        byWorkers,
        ends,
        async (shape, commands, rest) => {
          await played(await sideOf(shape), commands, rest);
        },
      );
      await fc.assert(property, { numRuns: runs * many });
    },
    longest,
  );

  test(
    "in memory",
    async () => {
      const property = fc.asyncProperty(dagShape, inMemory, ends, async (shape, commands, rest) => {
        await played(await inMemoryOf(shape), commands, rest);
      });
      await fc.assert(property, { numRuns: 1_200 * many });
    },
    longest,
  );

  test(
    "on PostgreSQL",
    async () => {
      const property = fc.asyncProperty(
        dagShape,
        inPostgres,
        ends,
        async (shape, commands, rest) => {
          await played(await inPostgresOf(shape), commands, rest);
        },
      );
      await fc.assert(property, { numRuns: 100 * many });
    },
    longest,
  );
});
