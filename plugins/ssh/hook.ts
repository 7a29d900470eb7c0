/** The SSH hook. */
import { defineHook } from "dagsmith";
import type { LogLevels, ProcessEnd, Sh } from "dagsmith/plugins/process";
import type { Client } from "ssh2";
import { sshConnection } from "./connection.ts";
import { openSsh, placeOf } from "./open_ssh.ts";
import { runRemote } from "./remote_command.ts";

/** How a command runs on a host. */
export interface SshRunOptions {
  /** Environment variables, besides those of the login. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder in which the command starts. Default: the home of the user. */
  readonly cwd?: string;
  /** Levels of log lines. Default: stdout `"info"`, stderr `"warn"`. */
  readonly logLevels?: LogLevels;
}

/** Made by {@link sshHook}. */
export interface SshHost {
  /** User, host and port, for messages. */
  readonly place: string;
  /** The client of ssh2, for everything else. */
  readonly client: Client;
  /**
   * Runs a script by /bin/sh of the host, and logs its output line by line. When the try
   * is stopped, or its worker dies, the script and all that it started get SIGTERM, and
   * SIGKILL after 4 seconds.
   * @returns its exit code, whatever it is; `checkEnd` of dagsmith/plugins/process judges it
   * @throws the reason of the abort; Error when the connection is lost
   */
  run(script: string | Sh, options?: SshRunOptions): Promise<ProcessEnd>;
}

/**
 * A connection to a host, of type `ssh` or `sftp`. It needs the package ssh2.
 * @throws FailTask for a host that is not trusted and a login that is refused; Error for a
 *   host that cannot be reached; DagsmithError PACKAGE_MISSING
 * @example
 * const host = await hook(sshHook("files"));
 * const { exitCode, lastStdout } = await host.run(sh`wc -l < ${path}`);
 */
export const sshHook = defineHook<SshHost>({
  types: sshConnection.ids,
  open: async (connection, context) => {
    const config = sshConnection.read(connection);
    const client = await openSsh(connection.id, config, context);
    const place = placeOf(config);
    return {
      ...{ place, client },
      run: (script, { env = {}, cwd, logLevels } = {}) =>
        runRemote(
          client,
          place,
          { script, env, cwd: cwd ?? null },
          { ...context, ...(logLevels && { logLevels }) },
        ),
    };
  },
  close: ({ client }) => {
    client.end();
  },
});
