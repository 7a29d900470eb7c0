/**
 * A store of values that are too large for the database, by name: its operations, and how
 * it names a file.
 */

/** The largest value, in bytes. Files of tasks may be larger. */
export const MAX_VALUE_BYTES = 64 * 1024 * 1024;

export interface LargeValues {
  /** For messages. */
  readonly place: string;
  /**
   * Resolves when the value would survive a crash. Until then no file has that name, and
   * never a part of one.
   */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Undefined when there is no such file. */
  read(name: string): Promise<Buffer | undefined>;
  /**
   * As {@link write}, with bytes that come one after the other and are not all in memory.
   * When they fail, the file does not exist.
   */
  writeStream(name: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * A part of a file; fewer bytes when the file is shorter. Undefined as in {@link read}.
   */
  readRange(name: string, from: number, length: number): Promise<Buffer | undefined>;
  /** Resolves too when there is no such file. */
  remove(name: string): Promise<void>;
  /** Removes what a {@link writeStream} may have left whose process died. */
  abandon(name: string): Promise<void>;
  /** Ends running operations, and open connections. Idempotent. */
  close(): void;
}

/**
 * The same in every store, so that files can be copied from one store to another
 * unchanged.
 */
export function pathOf(name: string): string {
  // Spread over several folders: some file systems are slow with many files in one
  // folder.
  return `${name.slice(0, 2)}/${name}`;
}
