/** The shell script that runs a command on a host, and ends it with its connection. Pure. */
import { DagsmithError } from "dagsmith";
import { Sh, shellWord } from "dagsmith/plugins/process";

/** What runs on the host. */
export interface RemoteScript {
  /** For /bin/sh. */
  readonly script: string | Sh;
  /** The folder in which it starts; null for the home of the user. */
  readonly cwd: string | null;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Reads the script from the first line of stdin, so that no value of it stands in the list
 * of processes. A guard waits for the end of stdin, which comes with a cancel, or when the
 * connection or the worker dies, and then ends the group: SIGTERM, and SIGKILL after 4
 * seconds. The shell leads the group, because sshd starts a session for each command.
 */
export const REMOTE_COMMAND = `exec /bin/sh -c '${[
  'IFS= read -r line && script=$(printf %s "$line" | base64 -d) || exit 126',
  "exec 3<&0 </dev/null",
  '(trap "" HUP INT TERM; cat <&3; kill -TERM -$$; sleep 4; kill -KILL -$$) >/dev/null 2>&1 &',
  "exec 3<&-",
  "unset line",
  'eval "unset script; $script"',
].join("\n")}'`;

/** The line of stdin for {@link REMOTE_COMMAND}. */
export function stdinOf({ script, cwd, env }: RemoteScript): string {
  const lines = [
    ...Object.entries(env).map(
      ([name, value]) => `export ${checkedName(name)}=${shellWord(value)}`,
    ),
    ...(cwd === null ? [] : [`cd -- ${shellWord(cwd)} || exit 126`]),
    script instanceof Sh ? script.render() : script,
  ];
  return `${Buffer.from(lines.join("\n")).toString("base64")}\n`;
}

function checkedName(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name;
  throw new DagsmithError("INVALID_ARGUMENT", {
    argument: `env.${name}`,
    reason: "a variable has letters, digits and _ and does not begin with a digit",
  });
}
