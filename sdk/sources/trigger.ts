/**
 * The assets or the event that made a run: as it is stored with the run, and as its tasks
 * read it.
 */
import type { Json } from "../json.ts";
import type { Asset, AssetEvent } from "./asset.ts";
import type { DagRunEnd } from "./dag_run.ts";
import type { EventSource } from "./event.ts";
import type { QueueMessage } from "./messages.ts";
import type { RowChange } from "./postgres_changes.ts";
import type { WebhookCall } from "./webhook.ts";

/** At most this many of the events that made a run are kept with it: the newest. */
export const MAX_TRIGGER_EVENTS = 1_000;

/**
 * The assets or the event that made a run. `name` is the name of the source in the DAG's
 * `on`.
 * @example
 * d.task(
 *   "which",
 *   ({ trigger }) => (trigger as RunTrigger | null)?.type ?? "by time or by hand",
 * );
 */
export type RunTrigger =
  | {
      readonly type: "assets";
      /** The newest 1000, oldest first. */
      readonly events: readonly AssetEvent[];
      /** The number of events, kept or not. */
      readonly count: number;
    }
  | {
      readonly type: "postgresChanges";
      readonly name: string;
      readonly events: readonly RowChange[];
    }
  | { readonly type: "messages"; readonly name: string; readonly events: readonly QueueMessage[] }
  | { readonly type: "webhook"; readonly name: string; readonly events: readonly WebhookCall[] }
  | {
      readonly type: "dagRun";
      readonly name: string;
      readonly events: readonly DagRunEnd[];
      /**
       * The DAGs whose runs led here, in their order. This run starts none of them again.
       */
      readonly chain: readonly string[];
    }
  | {
      readonly type: "call";
      /** The task instance that called, and its run. */
      readonly dagId: string;
      readonly runId: string;
      readonly taskId: string;
      readonly mapIndex: number;
      /** The DAGs whose runs led here, in their order. This run calls none of them. */
      readonly chain: readonly string[];
    };

/** The DAGs whose runs led to a run, in their order. */
export function chainOf(trigger: RunTrigger | null): readonly string[] {
  return trigger?.type === "dagRun" || trigger?.type === "call" ? trigger.chain : [];
}

/**
 * Reads the events that made a run, by the asset or the source that the DAG declares.
 * @example
 * const orders = asset<{ rows: number }>("s3://lake/orders");
 * d.task("sum", ({ triggeredBy }) =>
 *   triggeredBy(orders).reduce((sum, { extra }) => sum + extra.rows, 0),
 * );
 */
export interface TriggeredBy {
  /** The updates of an asset, oldest first; empty when another source made the run. */
  <Extra extends Json>(source: Asset<Extra>): readonly AssetEvent<Extra>[];
  /** The events of a source, oldest first; empty when another source made the run. */
  <Event>(source: EventSource<Event>): readonly Event[];
}

/** Reads the events that made one run. */
export function eventsOf(trigger: RunTrigger | null): TriggeredBy {
  const found = (source: Asset | EventSource): readonly unknown[] => {
    if (source.type === "asset")
      return trigger?.type === "assets"
        ? trigger.events.filter(({ uri }) => uri === source.uri)
        : [];
    if (trigger === null || trigger.type === "call") return [];
    return trigger.type === source.spec.type && trigger.name === source.spec.name
      ? trigger.events
      : [];
  };
  return found as TriggeredBy;
}
