/**
 * A name for a process that another process on the same machine can check: whether the
 * process still lives, also after its id belongs to another process.
 */
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** The name of this process: letters, digits and `_`. */
export function thisProcess(): string {
  return [machine(), process.pid, startOf(process.pid) ?? ""].join("_");
}

/** Whether it is certain that the process with this name has ended. */
export function hasEnded(name: string): boolean {
  const [of, pid, start] = name.split("_");
  return of === machine() && Number(pid) > 0 && startOf(Number(pid)) !== start;
}

/**
 * Process ids mean something within one namespace of one start of one machine. Where
 * Linux does not name these, the name of the machine must do.
 */
function machine(): string {
  const parts = [
    hostname(),
    attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    attempt(() => readlinkSync("/proc/self/ns/pid")),
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);
}

/** When a process started, in a unit of the system; null when there is no such process. */
function startOf(pid: number): string | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return null;
  }
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  if (stat === null) return "";
  // The name of the program, in parentheses, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return /^[ZX]$/.test(fields[0] ?? "") ? null : (fields[19] ?? "");
}

function attempt<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch {
    return null;
  }
}
