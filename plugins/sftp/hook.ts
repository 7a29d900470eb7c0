/** The SFTP hook. */
import { defineHook, type HookContext } from "dagsmith";
import { openChannel, type SshHost, sshHook } from "dagsmith/plugins/ssh";
import type { SFTPWrapper } from "ssh2";
import type { Sftp } from "./sftp.ts";
import { SftpFiles } from "./sftp_files.ts";
import { SftpSession } from "./sftp_session.ts";

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
    const channel = await opened(host, context);
    const { place } = host;
    const files = new SftpFiles(new SftpSession({ channel, place, signal: context.signal }));
    return Object.assign(files, { close: async () => close?.(host) });
  },
  close: (files) => (files as OpenSftp).close(),
});

async function opened(
  { client, place }: SshHost,
  { signal }: Pick<HookContext, "signal">,
): Promise<SFTPWrapper> {
  try {
    return await openChannel<SFTPWrapper>(client, {
      ...{ signal, place, refusal: "the host offers no SFTP" },
      ask: (done) => client.sftp(done),
    });
  } catch (error) {
    client.destroy();
    throw error;
  }
}
