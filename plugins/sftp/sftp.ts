/** What tasks see of the files of a host. */
import type { Readable } from "node:stream";
import type { FileContent } from "dagsmith";

/** A file or folder on the host. */
export interface RemoteFile {
  /** Its path, as it was asked for. */
  readonly path: string;
  readonly type: "file" | "folder" | "other";
  /** In bytes. */
  readonly size: number;
  /** To the second. */
  readonly modified: Date;
}

/**
 * Made by {@link sftpHook}. A path without a leading slash is below the home of the user.
 * Each verb ends with the try, and rejects with an Error that names verb and path; missing
 * rights are a FailTask.
 */
export interface Sftp {
  /**
   * Stores text (as UTF-8), bytes, a stream or a file of this machine, in flat memory. The
   * file gets its name when it is complete, and replaces an old one.
   * @returns its size in bytes
   */
  put(path: string, content: FileContent): Promise<number>;
  /** The content as a stream, which fails when it is shorter than the file was. */
  get(path: string): Promise<Readable>;
  /** The content as UTF-8 text, all of it in memory. */
  text(path: string): Promise<string>;
  /** The files and folders of a folder, by name, without files that are not complete. */
  list(folder: string): Promise<readonly RemoteFile[]>;
  /**
   * The files of a folder that match: `*` is any text, `?` one character, in the name.
   * Hidden files match only a pattern that begins with a dot.
   */
  match(pattern: string): Promise<readonly RemoteFile[]>;
  /** Null when there is no such file or folder. */
  stat(path: string): Promise<RemoteFile | null>;
  /** Deletes a file. One that does not exist is no error. */
  delete(path: string): Promise<void>;
  /** Makes a folder, and those above it. One that exists is no error. */
  makeFolder(path: string): Promise<void>;
  /** Gives a file another name, and replaces an old file of that name. */
  rename(from: string, to: string): Promise<void>;
}
