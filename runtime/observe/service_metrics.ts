/**
 * The metrics of one process. Services count in plain numbers; this file reads them when
 * a monitoring system asks, so that metrics cost the services nothing.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Loop } from "../service/loop.ts";
import { DagLabels } from "./dag_labels.ts";

/** The connections of a pool. */
export interface PoolCounts {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** How much of a worker is in use. */
export interface WorkerUsage {
  readonly slots: number;
  /** Tries that it runs, or whose end it still records. */
  readonly tries: number;
}

/** One run of a task's body. */
export interface EndedTry {
  readonly dagId: string;
  /** `success`, `failed`, `skipped`, `lost`, `not_yet`, `asleep`, `deferred`, … */
  readonly outcome: string;
  readonly seconds: number;
}

/** From a task of some milliseconds to one of a day, in seconds. */
const TRY_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400];

export class ServiceMetrics {
  readonly registry = new Registry();
  /**
   * Shared by all metrics with a label `dag`, so that a DAG is named in all or in none.
   */
  readonly dags = new DagLabels();
  readonly #tries: Histogram<"dag" | "outcome">;
  readonly #refusals: Counter<"sink">;
  readonly #logBytes: Counter;

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.#tries = new Histogram({
      name: "dagsmith_try_duration_seconds",
      help: "How long the bodies of tasks ran on this worker, by DAG and outcome.",
      labelNames: ["dag", "outcome"],
      buckets: TRY_SECONDS,
      registers: [this.registry],
    });
    this.#refusals = new Counter({
      name: "dagsmith_report_refusals_total",
      help: "Requests with traces or lineage that their collector did not take.",
      labelNames: ["sink"],
      registers: [this.registry],
    });
    this.#logBytes = new Counter({
      name: "dagsmith_log_bytes_total",
      help: "Bytes of the logs of tasks and callbacks that this process has stored.",
      registers: [this.registry],
    });
  }

  logStored(bytes: number): void {
    this.#logBytes.inc(bytes);
  }

  reportRefused(sink: string): void {
    this.#refusals.inc({ sink });
  }

  tryEnded({ dagId, outcome, seconds }: EndedTry): void {
    this.#tries.observe({ dag: this.dags.of(dagId), outcome }, seconds);
  }

  watchPool(pool: PoolCounts): void {
    this.#gauge(
      "dagsmith_database_connections",
      "Connections to the database, by use.",
      ["use"],
      (gauge) => {
        gauge.set({ use: "busy" }, pool.totalCount - pool.idleCount);
        gauge.set({ use: "idle" }, pool.idleCount);
        gauge.set({ use: "awaited" }, pool.waitingCount);
      },
    );
  }

  watchWorker(usage: () => WorkerUsage): void {
    this.#gauge("dagsmith_worker_slots", "Tries that this worker can run at once.", [], (gauge) =>
      gauge.set(usage().slots),
    );
    this.#gauge("dagsmith_worker_tries", "Tries that this worker runs now.", [], (gauge) =>
      gauge.set(usage().tries),
    );
  }

  /** @param loops called at each scrape: the loops of the process come and go */
  watchLoops(loops: () => Iterable<Loop>): void {
    this.#total(
      "dagsmith_job_passes_total",
      "Passes of background jobs.",
      loops,
      ({ totals }) => totals.passes,
    );
    this.#total(
      "dagsmith_job_failures_total",
      "Passes of background jobs that failed.",
      loops,
      ({ totals }) => totals.failures,
    );
    this.#total(
      "dagsmith_job_items_total",
      "What background jobs did, such as runs that were created or tries that were rescued.",
      loops,
      ({ totals }) => totals.items,
    );
    this.#total(
      "dagsmith_job_seconds_total",
      "Time that passes of background jobs took.",
      loops,
      ({ totals }) => totals.busyMs / 1_000,
    );
    this.#gauge(
      "dagsmith_job_late_seconds",
      "How late background jobs are; 0: on time.",
      ["job"],
      (gauge) => {
        for (const loop of loops()) gauge.set({ job: loop.name }, loop.lateMs / 1_000);
      },
    );
  }

  #gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    collect: (gauge: Gauge) => void,
  ): void {
    const gauge: Gauge = new Gauge({
      ...{ name, help, labelNames: [...labelNames], registers: [this.registry] },
      collect: () => {
        gauge.reset();
        collect(gauge);
      },
    });
  }

  /** A counter by job. Loops of one name count together. */
  #total(
    name: string,
    help: string,
    loops: () => Iterable<Loop>,
    of: (loop: Loop) => number,
  ): void {
    const counter: Counter<"job"> = new Counter({
      ...{ name, help, labelNames: ["job"], registers: [this.registry] },
      collect: () => {
        counter.reset();
        for (const loop of loops()) counter.inc({ job: loop.name }, of(loop));
      },
    });
  }
}
