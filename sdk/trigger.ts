/** What made a run, when neither time nor a person did: as it is stored with the run, and as its tasks read it. */
import type { Asset, AssetEvent } from "./asset.ts";
import type { Json } from "./json.ts";

/** At most this many of the events that made a run are kept with it: the newest. */
export const MAX_TRIGGER_EVENTS = 1_000;

/** What made a run. */
export type RunTrigger = {
  readonly type: "assets";
  /** The newest 1000, oldest first. */
  readonly events: readonly AssetEvent[];
  /** How many there were. */
  readonly count: number;
};

/** Finds what made a run, by the source that the DAG declares. */
export type TriggeredBy = <Extra extends Json>(source: Asset<Extra>) => readonly AssetEvent<Extra>[];

/** The events of one source among those that made a run. */
export function eventsOf<Extra extends Json>(trigger: RunTrigger | null, source: Asset<Extra>): readonly AssetEvent<Extra>[] {
  return (trigger?.events ?? []).filter(({ uri }) => uri === source.uri) as readonly AssetEvent[] as readonly AssetEvent<Extra>[];
}
