/**
 * Reads what created a run: assets, an event, other runs, or the task that called it. DAGs
 * that the caller may not see are left out.
 */
import type { AssetEvent } from "../../../sdk/sources/asset.ts";
import { chainOf, type RunTrigger } from "../../../sdk/sources/trigger.ts";
import { type CallingTask, callerOf } from "../../store/reads/calls.ts";
import { type VisibleTags, visibleDags } from "../../store/reads/dag_tags.ts";
import { getRunTrigger } from "../../store/reads/runs.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";

export interface Origin {
  /** Null for a scheduled or manual run, and for a call of a DAG that is not visible. */
  readonly trigger: RunTrigger | null;
  /** The task that called the run; null for none, and for one that is not visible. */
  readonly caller: CallingTask | null;
}

export async function readOrigin(
  { reader, mask }: WebServices,
  runId: number,
  visible: VisibleTags,
): Promise<Origin> {
  const trigger = await getRunTrigger(reader, runId);
  const caller = trigger?.type === "call" ? await callerOf(reader, runId) : null;
  const named = [...dagsIn(trigger), ...(caller ? [caller.dagId] : [])];
  const seen = await visibleDags(reader, named, visible);
  const shown = trigger && visiblePart(trigger, seen);
  return {
    trigger: shown && maskRow(mask, shown, ["type", "name" as never]),
    caller: caller && seen.has(caller.dagId) ? caller : null,
  };
}

/** The DAGs that a trigger names. */
function dagsIn(trigger: RunTrigger | null): readonly string[] {
  switch (trigger?.type) {
    case "assets":
      return trigger.events.flatMap(({ source }) => source?.dagId ?? []);
    case "dagRun":
      return [...chainOf(trigger), ...trigger.events.map(({ dagId }) => dagId)];
    case "call":
      return [...chainOf(trigger), trigger.dagId];
    default:
      return [];
  }
}

/** The trigger without the DAGs that are not seen. */
function visiblePart(trigger: RunTrigger, seen: ReadonlySet<string>): RunTrigger | null {
  const isSeen = ({ dagId }: { readonly dagId: string }): boolean => seen.has(dagId);
  const chain = chainOf(trigger).filter((dagId) => seen.has(dagId));
  switch (trigger.type) {
    case "assets":
      return { ...trigger, events: trigger.events.map((event) => withoutHidden(event, seen)) };
    case "dagRun":
      return { ...trigger, chain, events: trigger.events.filter(isSeen) };
    case "call":
      return isSeen(trigger) ? { ...trigger, chain } : null;
    default:
      return trigger;
  }
}

function withoutHidden(event: AssetEvent, seen: ReadonlySet<string>): AssetEvent {
  return event.source && !seen.has(event.source.dagId) ? { ...event, source: null } : event;
}
