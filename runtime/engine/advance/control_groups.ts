/**
 * Group instances that time or people act on: the next try of one is due, or one is
 * stopped.
 */
import type { RunEvent } from "../counts/run_event.ts";
import { type InstanceKey, scopesWithin } from "../counts/scope.ts";
import { allWithin } from "../plan/graph.ts";
import { decide } from "./decide.ts";
import type { RunView } from "./run_view.ts";

/** Starts the next try of group instances: the tasks in them are cleared. */
export async function retryGroups(view: RunView, groups: readonly InstanceKey[]): Promise<void> {
  for (const { runId, taskId, mapIndex } of groups) {
    const group = { runId, taskId, mapIndex };
    const members = allWithin(view.run(runId).plan, taskId);
    await view.counters.clearGroup(group, await view.tx.clearWithin(group, members));
    view.startGroup(group);
  }
}

/**
 * Stops group instances: what runs in them is cancelled, and nothing but teardowns starts
 * any more.
 * @returns the ends to be propagated
 */
export async function stopGroups(
  view: RunView,
  groups: readonly (InstanceKey & { readonly reason: string })[],
): Promise<readonly RunEvent[]> {
  for (const group of groups) view.stops.stopGroup(group, group.reason);
  const ends: RunEvent[] = [];
  for (const runId of new Set(groups.map((group) => group.runId)))
    ends.push(...(await view.stops.cancelActive(view.tx, view.run(runId))));
  const scopes = groups.flatMap((group) => scopesWithin(view.run(group.runId).plan, group));
  for (const counter of await view.counters.at(scopes))
    ends.push(...(await decide(view, counter, [])));
  return ends;
}
