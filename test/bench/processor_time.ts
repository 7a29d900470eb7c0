/** The processor time and the memory of processes, as Linux counts them in /proc. */
import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks of /proc in a second: what Linux has on every machine that this runs on. */
const TICKS_PER_SECOND = 100;

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** Seconds of a process and of all that it started. */
export function familySeconds(root: number): number {
  const processes = readdirSync("/proc").flatMap((entry) => statOf(entry) ?? []);
  const family = familyOf(root, processes);
  return (
    processes.filter(({ pid }) => family.has(pid)).reduce((sum, { ticks }) => sum + ticks, 0) /
    TICKS_PER_SECOND
  );
}

/**
 * Megabytes of a process and of all that it started. What several of them share, such as
 * the program of Node, counts once.
 */
export function familyMegabytes(root: number): number {
  const processes = readdirSync("/proc").flatMap((entry) => statOf(entry) ?? []);
  return [...familyOf(root, processes)].reduce((sum, pid) => sum + megabytesOf(pid), 0);
}

function megabytesOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1_024;
}

export function parentOf(pid: number): number | undefined {
  return statOf(String(pid))?.parent;
}

function familyOf(root: number, processes: readonly ProcessStat[]): ReadonlySet<number> {
  const family = new Set([root]);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const { pid, parent } of processes) if (family.has(parent)) family.add(pid);
  }
  return family;
}

/**
 * The fields of /proc/<pid>/stat behind the name, which may hold anything: state, parent
 * … user and system time.
 */
function statOf(entry: string): ProcessStat | undefined {
  if (!/^\d+$/.test(entry)) return undefined;
  try {
    const text = readFileSync(`/proc/${entry}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    // Ended children count in their parent's own account of them.
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    return { pid: Number(entry), parent: Number(fields[1]), ticks };
  } catch {
    return undefined;
  }
}
