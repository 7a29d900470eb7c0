/** Labels of containers, and the removal of containers that dead workers left. */
import { randomUUID } from "node:crypto";
import type { Step, TaskContext } from "dagsmith";
import type Docker from "dockerode";
import { type Engine, isMissing, reasonOf } from "./engine.ts";
import { isGone, thisProcess } from "./owner.ts";

const INSTANCE = "dagsmith.instance";
const OWNER = "dagsmith.owner";

/** How many containers a try has had so far. A body may run several. */
const counted = new WeakMap<Step, number>();

/**
 * The labels of the next container of a try. The instance is an id that a step stores: it
 * is the same in each try, and no other deployment on this engine has it.
 */
export async function labelsOf(context: TaskContext): Promise<Readonly<Record<string, string>>> {
  const { step, dagId, taskId, runId, mapIndex, tryNumber } = context;
  const number = (counted.get(step) ?? 0) + 1;
  counted.set(step, number);
  return {
    [INSTANCE]: await step(`container ${number}`, () => randomUUID()),
    [OWNER]: thisProcess(),
    "dagsmith.dag": dagId,
    "dagsmith.task": taskId,
    "dagsmith.run": runId,
    "dagsmith.map_index": String(mapIndex),
    "dagsmith.try": String(tryNumber),
  };
}

/**
 * Removes the container of an earlier try of this instance, and containers whose process
 * on this machine has ended: their workers were killed before they could remove them.
 */
export async function removeLeftOvers(
  { client }: Engine,
  labels: Readonly<Record<string, string>>,
  log: TaskContext["log"],
): Promise<void> {
  const found = await client.listContainers({ all: true, filters: { label: [OWNER] } });
  for (const { Id, Labels } of found) {
    const isOurs = Labels[INSTANCE] === labels[INSTANCE];
    if (!isOurs && !isGone(Labels[OWNER] ?? "")) continue;
    log.warn(
      `removing the container ${Id.slice(0, 12)} that try ${Labels["dagsmith.try"]} of ${Labels["dagsmith.task"]} left`,
    );
    await remove(client.getContainer(Id), log);
  }
}

/** How long the engine may take to remove a container. */
const REMOVE_MS = 10_000;

/** Removes a container, also one that runs. One that is gone already is no error. */
export async function remove(container: Docker.Container, log: TaskContext["log"]): Promise<void> {
  const abortSignal = AbortSignal.timeout(REMOVE_MS);
  await container.remove({ force: true, v: true, abortSignal }).catch((error: unknown) => {
    if (isMissing(error)) return;
    log.warn(
      `the container ${container.id.slice(0, 12)} cannot be removed now: ${reasonOf(error)}. A later task on this machine removes it.`,
    );
  });
}
