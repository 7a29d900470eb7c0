/** Starts and ends a process that loads code of plugins and users' packages. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How the process is started. */
export interface ProcessOptions {
  /** The complete environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** The user of the system that it runs as. Undefined: that of this process. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Starts a script of the room `child`. Its channel is file descriptor 3.
 * @param script its name, such as `connection_types`
 */
export function startPluginProcess(
  script: string,
  folder: string,
  { environment, user }: ProcessOptions,
): ChildProcess {
  return spawn(process.execPath, [pathOf(script)], {
    cwd: folder,
    env: { ...environment },
    ...(user && { uid: user.uid, gid: user.gid }),
    stdio: ["ignore", "ignore", "ignore", "pipe"],
    // Leads its own process group, so that its child processes die with it.
    detached: true,
  });
}

/** Kills the process and its child processes. */
export function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group no longer exists.
  }
}

function pathOf(script: string): string {
  const ending = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  return fileURLToPath(new URL(`../child/${script}${ending}`, import.meta.url));
}
