/** Runs one command on a host to its end. */
import { type TaskContext, withCode } from "dagsmith";
import { type LogLevels, type ProcessEnd, ProcessLog } from "dagsmith/plugins/process";
import type { Client, ClientChannel } from "ssh2";
import { openChannel } from "./open_channel.ts";
import { REMOTE_COMMAND, type RemoteScript, stdinOf } from "./remote_script.ts";

/** The guard on the host has 4 s, and a task process 5 s. */
const LONGEST_STOP_MS = 4_500;

/**
 * Logs the output line by line. A cancel ends the command and all that it started.
 * @param place user and host, for messages
 * @throws the reason of the abort; Error when the connection is lost
 */
export async function runRemote(
  client: Client,
  place: string,
  script: RemoteScript,
  {
    log,
    signal,
    logLevels,
  }: Pick<TaskContext, "log" | "signal"> & { readonly logLevels?: LogLevels },
): Promise<ProcessEnd> {
  const stdin = stdinOf(script);
  const output = new ProcessLog(log, logLevels);
  const channel = await openChannel<ClientChannel>(client, {
    ...{ signal, place, refusal: "the host runs no commands" },
    ask: (done) => client.exec(REMOTE_COMMAND, done),
  });
  channel.on("data", (chunk: Buffer) => output.write("stdout", chunk));
  channel.stderr.on("data", (chunk: Buffer) => output.write("stderr", chunk));
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    // The guard on the host sees the end of stdin.
    channel.end();
    timer = setTimeout(() => client.destroy(), LONGEST_STOP_MS);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    // Without its line of stdin, the host runs nothing.
    if (signal.aborted) stop();
    else channel.write(stdin);
    const end = await ended(channel);
    signal.throwIfAborted();
    if (end === null)
      throw withCode(
        "SSH_AWAY",
        new Error(`SSH ${place}: the connection was lost while the command ran`),
      );
    return { ...end, ...output.end() };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/** Null when the channel closed before the command ended. */
function ended(channel: ClientChannel): Promise<Pick<ProcessEnd, "exitCode" | "signal"> | null> {
  return new Promise((resolve) => {
    let end: Pick<ProcessEnd, "exitCode" | "signal"> | null = null;
    channel.on("exit", (code: number | null, name?: string) => {
      end = { exitCode: code, signal: code === null ? (name as NodeJS.Signals) : null };
      // What the command left running would hold the channel open: the guard ends it.
      channel.end();
    });
    channel.on("error", () => undefined);
    channel.on("close", () => resolve(end));
  });
}
