/**
 * dagsmith/plugins/ssh: commands on other hosts. It needs the package ssh2. Files are in
 * dagsmith/plugins/sftp.
 */
import type { ConnectionType } from "dagsmith";
import { sshConnection } from "./connection.ts";

export { type SshHost, type SshRunOptions, sshHook } from "./hook.ts";
export { type ChannelRequest, openChannel } from "./open_channel.ts";
export { type SshCommandOptions, sshCommand } from "./ssh_command.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [sshConnection];
