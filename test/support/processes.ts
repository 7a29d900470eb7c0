/** Whether processes that a test did not start itself are alive. */
import { readFileSync } from "node:fs";

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
