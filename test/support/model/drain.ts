/**
 * The rest of a run: its workers take whatever there is, until nothing is left; then it
 * has to have ended.
 */
import { expect } from "vitest";
import * as moves from "./moves.ts";
import type { DrawnEnd } from "./outcomes.ts";
import { openTasks } from "./run_model.ts";
import type { Move, RealRun, World } from "./world.ts";

/** More moves than any run of a random DAG takes. */
const MOST = 600;

/** @param ends how tries end, one after the other and around again */
export async function drain(world: World, real: RealRun, ends: readonly DrawnEnd[]): Promise<void> {
  for (let step = 0; step < MOST; step++) {
    const move = nextMove(world, ends[step % ends.length]!);
    if (move === null) return expectEnded(world);
    await world.make(real, move);
  }
  throw new Error(`the run goes on after ${MOST} moves:\n${world.story.join("\n")}`);
}

function nextMove(world: World, as: DrawnEnd): Move | null {
  if (world.model.isPaused) return moves.setPaused(false);
  const held = moves.live(world);
  // A sensor that never finds anything would go on for ever.
  if (held.length > 0)
    return moves.endSome(world, held.slice(0, 1), [
      as.as === "not done" && isSensor(world, held[0]!.task) ? FOUND : as,
    ]);
  return (
    moves.takeNext(world, as.size, 0) ?? (moves.waitsForTime(world) ? moves.passTime(world) : null)
  );
}

const FOUND: DrawnEnd = { as: "nothing", size: 0 };

function isSensor({ shape }: World, id: string): boolean {
  return shape.tasks.some((task) => task.id === id && task.kind === "sensor");
}

function expectEnded({ model }: World): void {
  expect(["success", "failed"]).toContain(model.run);
  if (model.endedByItself) expect(openTasks(model)).toBe(0);
}
