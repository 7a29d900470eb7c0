/**
 * Warns of pools that DAGs name and that are missing or too small, before a run waits for
 * them.
 */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { DagSpec, Position, TaskSpec } from "../../../sdk/spec/index.ts";
import { listPools, type PoolUsage } from "../../store/reads/pools.ts";
import type { Cli } from "../command.ts";
import { findDatabaseUrl, withDatabase } from "../project/database.ts";

export interface PoolWarning {
  readonly file: string;
  readonly line: number | null;
  readonly code: "UNKNOWN_POOL" | "POOL_TOO_SMALL";
  readonly message: string;
}

/** The parts of a loaded DAG that are checked. */
export interface LoadedDag {
  readonly file: string;
  readonly spec: DagSpec;
  /** Task id to the place of its declaration. */
  readonly positions: Readonly<Record<string, Position>>;
}

/** A warning for each task whose pool cannot hold it. Pure. */
export function poolWarnings(
  dags: readonly LoadedDag[],
  pools: readonly Pick<PoolUsage, "name" | "slots">[],
): readonly PoolWarning[] {
  const slotsOf = new Map(pools.map(({ name, slots }) => [name, slots]));
  return dags.flatMap(({ file, spec, positions }) =>
    spec.tasks.flatMap((task) => {
      const problem = problemOf(task, slotsOf);
      const place = positions[task.taskId];
      const where = `Task "${task.taskId}" of DAG "${spec.dagId}": `;
      return problem
        ? [
            {
              file: place?.file ?? file,
              line: place?.line ?? null,
              code: problem.code,
              message: where + problem.message,
            },
          ]
        : [];
    }),
  );
}

function problemOf(
  { routing }: TaskSpec,
  slotsOf: ReadonlyMap<string, number>,
): DagsmithError<"UNKNOWN_POOL" | "POOL_TOO_SMALL"> | undefined {
  if (!routing?.pool) return undefined;
  const { pool, poolSlots } = routing;
  const slots = slotsOf.get(pool);
  if (slots === undefined) return new DagsmithError("UNKNOWN_POOL", { pool });
  // A closed pool is closed on purpose, and a pool without limit is never too small.
  return slots > 0 && slots < poolSlots
    ? new DagsmithError("POOL_TOO_SMALL", { pool, slots, needed: poolSlots })
    : undefined;
}

/**
 * The same for the pools in the database of this folder; no warnings when no database
 * answers.
 */
export async function warningsFromDatabase(
  cli: Cli,
  dags: readonly LoadedDag[],
): Promise<readonly PoolWarning[]> {
  if (
    !dags.some(({ spec }) => spec.tasks.some(({ routing }) => routing?.pool)) ||
    (await findDatabaseUrl(cli)) === null
  )
    return [];
  // Files are also checked without a database, and a fault of the database is no fault of
  // the files.
  return withDatabase(cli, async (db) => poolWarnings(dags, await listPools(db))).catch(() => []);
}
