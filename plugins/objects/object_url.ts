/** The URL of a store or of a place in it. Pure. */
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { DagsmithError } from "dagsmith";

/** The schemes of stores. */
export type StoreScheme = "s3" | "gs" | "az" | "file";

/** A place as its URL names it. */
export interface StorePlace {
  readonly scheme: StoreScheme;
  /** A bucket, a container, or the path of a folder. */
  readonly bucket: string;
  /** How the keys begin: empty, or with `/` at its end. */
  readonly prefix: string;
}

const URL_FORM = /^(?<scheme>s3|gs|az):\/\/(?<bucket>[a-z0-9$][a-z0-9._-]*)(?:\/(?<prefix>.*))?$/s;

/**
 * Reads `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix` or
 * `file:///folder`.
 * @throws DagsmithError INVALID_ARGUMENT; the message does not repeat the URL, which may
 *   hold a secret
 */
export function parseStoreUrl(url: string): StorePlace {
  if (url.startsWith("file:")) return { scheme: "file", bucket: folderOf(url), prefix: "" };
  const { scheme, bucket, prefix = "" } = URL_FORM.exec(url)?.groups ?? {};
  if (!scheme || !bucket || prefix.split("/").some(isDots)) throw refused();
  const trimmed = prefix.replace(/\/+$/, "");
  return { scheme: scheme as StoreScheme, bucket, prefix: trimmed === "" ? "" : `${trimmed}/` };
}

/** The URL of an object. A folder is named by its path. */
export function urlOf({ scheme, bucket, prefix }: StorePlace, key: string): string {
  return scheme === "file"
    ? pathToFileURL(join(bucket, key)).href
    : `${scheme}://${bucket}/${prefix}${key}`;
}

function folderOf(url: string): string {
  try {
    return fileURLToPath(url).replace(/(?<=.)\/+$/, "");
  } catch {
    throw refused();
  }
}

const isDots = (part: string): boolean => part === "." || part === "..";

function refused(): DagsmithError {
  return new DagsmithError("INVALID_ARGUMENT", {
    argument: "objectStore()",
    reason:
      "its URL must be s3://bucket/prefix, gs://bucket/prefix, az://container/prefix or file:///folder, without credentials",
  });
}
