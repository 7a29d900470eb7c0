/**
 * The metrics of the whole deployment, read from the database by a scheduler. Every
 * scheduler gives the same answer, so a query over several takes the maximum.
 */
import { Gauge, type Registry } from "prom-client";
import type { Queryable } from "../store/database/database.ts";
import {
  type ActiveCount,
  countActiveInstances,
  countActiveRuns,
  type FleetFigures,
  readFleetFigures,
} from "../store/reads/fleet_metrics.ts";
import type { DagLabels } from "./dag_labels.ts";

interface Fleet {
  readonly figures: FleetFigures;
  readonly runs: readonly ActiveCount[];
  readonly instances: readonly ActiveCount[];
}

/**
 * Several monitoring systems, or an impatient one, read the database once in this time.
 */
const FRESH_MS = 5_000;

const FIGURES: Readonly<Record<keyof FleetFigures, readonly [name: string, help: string]>> = {
  schedulers: ["dagsmith_schedulers", "Schedulers whose heartbeat is fresh."],
  workers: ["dagsmith_workers", "Workers whose heartbeat is fresh."],
  slots: ["dagsmith_slots", "Tries that all live workers can run at once."],
  queuedJobs: ["dagsmith_queue_jobs", "Tries and callbacks that wait for a worker."],
  oldestJobSeconds: ["dagsmith_queue_oldest_seconds", "How long the first of them has waited."],
  schedulerLagSeconds: [
    "dagsmith_scheduler_lag_seconds",
    "How long ago the earliest run that is not created yet was due.",
  ],
  importErrors: ["dagsmith_import_errors", "Files that the last deployment could not load."],
  dags: ["dagsmith_dags", "Deployed DAGs."],
  pausedDags: ["dagsmith_dags_paused", "Deployed DAGs that are paused."],
};

const UP: Described = {
  name: "dagsmith_database_up",
  help: "1: the database answers. 0: it does not, and the metrics of the deployment are absent.",
};

interface Described {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: string[];
}

/** Adds the metrics of the deployment to those of the process. */
export function watchFleet(registry: Registry, dags: DagLabels, db: Queryable): void {
  const fleet = atMostEvery(FRESH_MS, () => readFleet(db).catch(() => null));
  gauge(registry, fleet, UP, (own, found) => own.set(found ? 1 : 0));
  for (const [key, [name, help]] of Object.entries(FIGURES))
    gauge(registry, fleet, { name, help }, (own, found) => {
      if (found) own.set(found.figures[key as keyof FleetFigures]);
      else own.remove();
    });
  const labelNames = ["dag", "state"];
  const runs = { name: "dagsmith_dag_runs", help: "Active runs, by DAG and state.", labelNames };
  const instances = {
    ...{ name: "dagsmith_task_instances", labelNames },
    help: "Active task instances, by DAG and state.",
  };
  gauge(registry, fleet, runs, (own, found) => addAll(own, dags, found?.runs ?? []));
  gauge(registry, fleet, instances, (own, found) => addAll(own, dags, found?.instances ?? []));
}

async function readFleet(db: Queryable): Promise<Fleet> {
  const [figures, runs, instances] = await Promise.all([
    readFleetFigures(db),
    countActiveRuns(db),
    countActiveInstances(db),
  ]);
  return { figures, runs, instances };
}

function addAll(own: Gauge, dags: DagLabels, counts: readonly ActiveCount[]): void {
  for (const { dagId, state, count } of counts) own.inc({ dag: dags.of(dagId), state }, count);
}

/** @param collect gets null while the database is away */
function gauge(
  registry: Registry,
  fleet: () => Promise<Fleet | null>,
  { name, help, labelNames = [] }: Described,
  collect: (own: Gauge, found: Fleet | null) => void,
): void {
  const own: Gauge = new Gauge({
    ...{ name, help, labelNames, registers: [registry] },
    collect: async () => {
      const found = await fleet();
      own.reset();
      collect(own, found);
    },
  });
}

/** One read answers all that ask within a period. */
function atMostEvery<Value>(ms: number, read: () => Promise<Value>): () => Promise<Value> {
  let last: Promise<Value> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (last && performance.now() - readAt < ms) return last;
    readAt = performance.now();
    last = read();
    return last;
  };
}
