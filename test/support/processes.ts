/** Processes that a test did not start itself: whether they are alive, and their children. */
import { readdirSync, readFileSync } from "node:fs";

/**
 * A process that has ended, but whose parent has not asked for its end yet, is not alive.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as { readonly code?: string }).code === "EPERM";
  }
  return !isZombie(pid);
}

/** Asked of Linux only: elsewhere init asks for the end of every orphan at once. */
function isZombie(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Processes that a process has started and that run. Asked of Linux only. */
export function childrenOf(pid: number): readonly number[] {
  const folder = `/proc/${pid}/task`;
  return threadsIn(folder).flatMap((thread) =>
    textOf(`${folder}/${thread}/children`)
      .split(" ")
      .map(Number)
      .filter((child) => child > 0),
  );
}

function threadsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Of a thread that has ended: none. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
