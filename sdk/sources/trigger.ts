/** What made a run, when neither time nor a person did: as it is stored with the run, and as its tasks read it. */

import type { Json } from "../json.ts";
import type { Asset, AssetEvent } from "./asset.ts";
import type { DagRunEnd, EventSource, RowChange, WebhookCall } from "./event.ts";

/** At most this many of the events that made a run are kept with it: the newest. */
export const MAX_TRIGGER_EVENTS = 1_000;

/** What made a run; `name` is that of the source in the DAG's `on`. */
export type RunTrigger =
  | {
      readonly type: "assets";
      /** The newest 1000, oldest first. */
      readonly events: readonly AssetEvent[];
      /** How many there were. */
      readonly count: number;
    }
  | {
      readonly type: "postgresChanges";
      readonly name: string;
      readonly events: readonly RowChange[];
    }
  | { readonly type: "webhook"; readonly name: string; readonly events: readonly WebhookCall[] }
  | {
      readonly type: "dagRun";
      readonly name: string;
      readonly events: readonly DagRunEnd[];
      /** The DAGs whose runs led here, one after the other: none of them is started by this run again. */
      readonly chain: readonly string[];
    };

/** Finds what made a run, by the source that the DAG declares. */
export interface TriggeredBy {
  <Extra extends Json>(source: Asset<Extra>): readonly AssetEvent<Extra>[];
  <Event>(source: EventSource<Event>): readonly Event[];
}

/** The events of one source among those that made a run. */
export function eventsOf(trigger: RunTrigger | null): TriggeredBy {
  const found = (source: Asset | EventSource): readonly unknown[] => {
    if (source.type === "asset")
      return trigger?.type === "assets"
        ? trigger.events.filter(({ uri }) => uri === source.uri)
        : [];
    return trigger?.type === source.spec.type && trigger.name === source.spec.name
      ? trigger.events
      : [];
  };
  return found as TriggeredBy;
}
