/** Starts a process that leads a group of its own, and ends the whole group. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Writable } from "node:stream";

/**
 * Runs the command behind a guard. The guard waits for the end of a pipe whose other end
 * this process holds, and then kills the group: also when this process was killed itself
 * and could not tidy up. The command does not see the pipe.
 */
const GUARD = `(trap '' HUP INT TERM; read -r _ <&3; kill -9 -$$) >/dev/null 2>&1 & exec "$@" 3<&-`;

/**
 * How long a group may tidy up after SIGTERM before it is killed. A task process has 5 s.
 */
const GRACE_MS = 4_000;

/** A process and everything that it started. */
export class ProcessGroup {
  readonly process: ChildProcess;
  #timer: NodeJS.Timeout | undefined;

  /** @param env variables besides those of this process; undefined removes a variable */
  constructor(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
    this.process = spawn("/bin/sh", ["-c", GUARD, "sh", ...command], {
      cwd,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ["pipe", "pipe", "pipe", "pipe"],
    });
    // Errors of these pipes say only that the process is gone, which its exit says
    // better.
    this.process.stdin?.on("error", () => undefined);
    (this.process.stdio[3] as Writable | undefined)?.on("error", () => undefined);
  }

  /** Asks the group to end, and kills it after the time that it has to tidy up. */
  stop(): void {
    this.#signal("SIGTERM");
    this.#timer ??= setTimeout(() => this.kill(), GRACE_MS);
  }

  /** Ends what is left of the group. */
  kill(): void {
    clearTimeout(this.#timer);
    this.#signal("SIGKILL");
    (this.process.stdio[3] as Writable | undefined)?.destroy();
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      if (this.process.pid !== undefined) process.kill(-this.process.pid, signal);
    } catch {
      // The group is gone already.
    }
  }
}
