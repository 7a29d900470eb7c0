/** Keys and metadata that every system stores and returns unchanged. Pure. */
import { DagsmithError, type PutObjectOptions } from "dagsmith";

/** The shortest limit of all systems, in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;
/** Stores answer them with an error, or with another object: XML and headers have none. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const CONTROL = /[\u0000-\u001f\u007f]/;
const MAX_METADATA_BYTES = 2048;
const METADATA_NAME = /^[a-z][a-z0-9_]*$/;
const PRINTABLE = /^[\x20-\x7e]*$/;

type Metadata = Readonly<Record<string, string>>;

/**
 * The whole key. `.` and `..` are refused, because proxies and folders read them as
 * a way to another place.
 * @param prefix that of its store
 * @throws DagsmithError INVALID_ARGUMENT
 */
export function checkedKey(prefix: string, key: string): string {
  const reason = fault(key) ?? tooLong(prefix + key);
  if (reason === undefined) return prefix + key;
  throw new DagsmithError("INVALID_ARGUMENT", {
    argument: `the key ${JSON.stringify(key.slice(0, 100))}`,
    reason,
  });
}

function fault(key: string): string | undefined {
  if (key === "") return "it is empty";
  if (key.startsWith("/")) return "it begins with a slash";
  if (!key.isWellFormed() || CONTROL.test(key))
    return "it has a control character or half a character";
  if (key.split("/").some((part) => part === "." || part === ".."))
    return "it has a part . or .., which some systems read as another folder";
  return undefined;
}

function tooLong(whole: string): string | undefined {
  const bytes = Buffer.byteLength(whole);
  return bytes > MAX_KEY_BYTES ? `it has more than ${MAX_KEY_BYTES} bytes` : undefined;
}

/** @throws DagsmithError INVALID_ARGUMENT */
export function checkedOptions(options: PutObjectOptions): PutObjectOptions {
  const entries = Object.entries(options.metadata ?? {});
  const wrong = entries.find((entry) => !isStorable(entry));
  if (wrong)
    throw badMetadata(
      wrong[0],
      "a name has lower-case letters, digits and _, a value printable ASCII without spaces around it",
    );
  if (bytesOf(entries) > MAX_METADATA_BYTES)
    throw badMetadata(
      entries[0]?.[0] ?? "",
      `all together have at most ${MAX_METADATA_BYTES} bytes`,
    );
  return options;
}

/**
 * The metadata that every system stores, of an object of any system: pairs that do not fit,
 * also in their sum, are left out.
 */
export function storableMetadata(metadata: Metadata): Metadata {
  const kept: [string, string][] = [];
  for (const entry of Object.entries(metadata))
    if (isStorable(entry) && bytesOf([...kept, entry]) <= MAX_METADATA_BYTES) kept.push(entry);
  return Object.fromEntries(kept);
}

/** Names and values are ASCII. */
function bytesOf(entries: readonly (readonly [string, string])[]): number {
  return entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}

function isStorable([name, value]: readonly [string, string]): boolean {
  return METADATA_NAME.test(name) && PRINTABLE.test(value) && value.trim() === value;
}

function badMetadata(name: string, reason: string): DagsmithError {
  return new DagsmithError("INVALID_ARGUMENT", { argument: `metadata.${name}`, reason });
}
