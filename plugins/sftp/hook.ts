/** The SFTP hook. */
import { defineHook, FailTask } from "dagsmith";
import { sshHook } from "dagsmith/plugins/ssh";
import type { Client, SFTPWrapper } from "ssh2";
import type { Sftp } from "./sftp.ts";
import { SftpFiles } from "./sftp_files.ts";

const { types, open, close } = sshHook("").definition;

interface OpenSftp extends Sftp {
  /** Ends the connection. */
  readonly close: () => Promise<void>;
}

/**
 * The files of a host, by a connection of type `ssh` or `sftp`. It needs the package ssh2.
 * @throws as `sshHook`; FailTask when the host offers no SFTP
 * @example
 * const files = await hook(sftpHook("files"));
 * await files.put("out/trips.csv", createReadStream(path));
 */
export const sftpHook = defineHook<Sftp>({
  types,
  open: async (connection, context): Promise<OpenSftp> => {
    const host = await open(connection, context);
    const channel = await opened(host.client, host.place);
    const files = new SftpFiles({ channel, place: host.place, signal: context.signal });
    return Object.assign(files, { close: async () => close?.(host) });
  },
  close: (files) => (files as OpenSftp).close(),
});

async function opened(client: Client, place: string): Promise<SFTPWrapper> {
  try {
    return await new Promise((resolve, reject) => {
      client.sftp((error, channel) => (error ? reject(error) : resolve(channel)));
    });
  } catch (cause) {
    client.destroy();
    throw new FailTask(`SFTP ${place}: the host offers no SFTP: ${(cause as Error).message}`, {
      cause,
    });
  }
}
