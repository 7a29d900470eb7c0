/** A place for values that are too large for the database, by name: what each place can do, and how it names a file. */

export interface LargeValues {
  /** For messages. */
  readonly place: string;
  /** Resolves when the value would survive a crash. Until then there is none under that name, and never half of one. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Undefined when there is none. */
  read(name: string): Promise<Buffer | undefined>;
  /** No error when there is none. */
  remove(name: string): Promise<void>;
  /** Ends operations under way, and open connections. Idempotent. */
  close(): void;
}

/** The same in every place, so that files can be copied from one place to another as they are. */
export function pathOf(name: string): string {
  // Spread over folders of their own: some file systems are slow with many files in one.
  return `${name.slice(0, 2)}/${name}`;
}
