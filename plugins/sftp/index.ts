/**
 * dagsmith/plugins/sftp: files of other hosts, a sensor, and transfers from and to files
 * of tasks and object stores. It needs the package ssh2; its connections are those of
 * dagsmith/plugins/ssh.
 */
export { sftpHook } from "./hook.ts";
export { type FoundFile, type SftpSensorOptions, sftpSensor } from "./sensor.ts";
export type { RemoteFile, Sftp } from "./sftp.ts";
export {
  type SftpGetOptions,
  type StoreObject,
  sftpGet,
  sftpPut,
  sftpToStore,
} from "./transfer.ts";
