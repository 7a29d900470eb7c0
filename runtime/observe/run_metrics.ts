/**
 * How long runs took, read from the database by a scheduler. Every scheduler counts every
 * run that ended since its own start, so a query over several takes the maximum.
 */
import { Histogram, type Registry } from "prom-client";
import { once } from "../../sdk/once.ts";
import type { Queryable } from "../store/database/database.ts";
import { databaseTime } from "../store/reads/clock.ts";
import { type RunEndPlace, readEndedRuns } from "../store/reads/fleet_metrics.ts";
import type { DagLabels } from "./dag_labels.ts";

/** From a run of a second to one of a week, in seconds. */
const RUN_SECONDS = [1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400, 604_800];

export function watchRuns(registry: Registry, dags: DagLabels, db: Queryable): void {
  const begin = once(() => placeOfNow(db));
  let place: RunEndPlace | undefined;
  let reading: Promise<void> | undefined;
  const histogram: Histogram<"dag" | "state"> = new Histogram({
    name: "dagsmith_run_duration_seconds",
    help: "How long runs took from their start to their end, by DAG and state.",
    labelNames: ["dag", "state"],
    buckets: RUN_SECONDS,
    registers: [registry],
    // Two scrapes at once must not count a run twice.
    collect: () =>
      (reading ??= count()
        .catch(() => undefined)
        .finally(() => (reading = undefined))),
  });
  // Before the first scrape: runs that end meanwhile count.
  begin().catch(() => undefined);
  const count = async (): Promise<void> => {
    const ended = await readEndedRuns(db, place ?? (await begin()));
    for (const { dagId, state, seconds, ...at } of ended) {
      histogram.observe({ dag: dags.of(dagId), state }, seconds);
      place = at;
    }
  };
}

async function placeOfNow(db: Queryable): Promise<RunEndPlace> {
  return { finishedAt: (await databaseTime(db)).toISOString(), id: 0 };
}
