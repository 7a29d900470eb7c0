/** The folder of large values: a path, or a folder of a bucket. */
import { fileURLToPath } from "node:url";
import { type Connection, parseConnection } from "../../sdk/connection.ts";
import { type BucketFolder, bucketAndPrefix } from "./bucket_url.ts";
import type { Setting } from "./environment.ts";
import { type S3Folder, s3Folder } from "./s3_folder.ts";
import { refused } from "./values.ts";

/** A folder of a bucket that a plugin reaches. */
export interface PluginFolder extends BucketFolder {
  /** The URL begins with it: Google Cloud Storage, or Azure. */
  readonly scheme: "gs" | "az";
  /**
   * DAG_XCOM_CONNECTION. Default for `gs`: Google's client finds the login.
   */
  readonly connection: Connection;
}

/** A path, or a folder of a bucket. */
export type XComFolder = string | S3Folder | PluginFolder;

const NAME = "DAG_XCOM_FOLDER";
const CONNECTION = "DAG_XCOM_CONNECTION";
const ALLOWED =
  "a path, file:///folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix";
const GOOGLE_DEFAULT = "google-cloud-platform://";

/**
 * A text that begins like a URL is read as a URL. As a path, a misspelt URL would make a
 * folder that no other machine sees.
 * @throws DagsmithError INVALID_ARGUMENT, INVALID_CONNECTION
 */
export function xcomFolder(setting: Setting): XComFolder | null {
  const folder = setting(NAME);
  if (folder === null) return null;
  const scheme = /^([a-z][a-z0-9+.-]+):\//i.exec(folder)?.[1]?.toLowerCase();
  if (scheme === "gs" || scheme === "az") return pluginFolder(scheme, folder, setting);
  if (setting(CONNECTION) !== null)
    refused(CONNECTION, `only gs:// and az:// in ${NAME} take a connection; leave it out`);
  if (scheme === undefined) return folder;
  if (scheme === "s3") return s3Folder(folder, setting);
  return scheme === "file"
    ? pathOf(folder)
    : refused(NAME, `it begins with "${scheme}:"; allowed: ${ALLOWED}`);
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return refused(NAME, "it is not file:///folder, with the path of a folder of this machine");
  }
}

function pluginFolder(scheme: "gs" | "az", url: string, setting: Setting): PluginFolder {
  const text = setting(CONNECTION) ?? (scheme === "gs" ? GOOGLE_DEFAULT : null);
  if (text === null)
    refused(
      CONNECTION,
      `az:// needs the URI or JSON of a connection of type wasb, such as wasb://myaccount@`,
    );
  const connection = parseConnection(CONNECTION, text);
  return { scheme, ...bucketAndPrefix(scheme, url), connection };
}
