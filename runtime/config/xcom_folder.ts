/** The folder of large values: a path, or a folder of a bucket. */
import type { Setting } from "./environment.ts";
import { refused, trueOrFalse } from "./values.ts";

/** A folder of an S3 bucket, or of a bucket of a store that speaks its protocol. */
export interface S3Folder {
  readonly bucket: string;
  /** How every key begins: empty, or with "/" at its end. */
  readonly prefix: string;
  /** AWS_ENDPOINT_URL_S3, else AWS_ENDPOINT_URL. Null means AWS. */
  readonly endpoint: string | null;
  /** AWS_REGION, else AWS_DEFAULT_REGION. Null leaves it to the SDK. */
  readonly region: string | null;
  /**
   * DAG_XCOM_S3_PATH_STYLE: whether the bucket stands in the path and not in the host's
   * name. Default: with an endpoint.
   */
  readonly pathStyle: boolean;
}

const NAME = "DAG_XCOM_FOLDER";

/**
 * A text that begins like a URL is read as a URL. As a path, a misspelt URL would make a
 * folder that no other machine sees.
 * @throws DagsmithError INVALID_ARGUMENT
 */
export function xcomFolder(setting: Setting): string | S3Folder | null {
  const folder = setting(NAME);
  const scheme = /^([a-z][a-z0-9+.-]+):\//i.exec(folder ?? "")?.[1];
  if (folder === null || scheme === undefined) return folder;
  if (scheme.toLowerCase() !== "s3")
    refused(NAME, `it begins with "${scheme}:"; allowed: a path, or s3://bucket/prefix`);
  return s3Folder(folder, setting);
}

function s3Folder(url: string, setting: Setting): S3Folder {
  const endpoint = endpointOf(setting);
  return {
    ...bucketAndPrefix(url),
    endpoint,
    region: setting("AWS_REGION") ?? setting("AWS_DEFAULT_REGION"),
    pathStyle: trueOrFalse(setting, "DAG_XCOM_S3_PATH_STYLE", endpoint !== null),
  };
}

function bucketAndPrefix(url: string): Pick<S3Folder, "bucket" | "prefix"> {
  const [, bucket = "", prefix = ""] = /^[^:]+:\/\/([^/]*)\/?(.*?)\/?$/.exec(url) ?? [];
  // The refusal does not repeat the text: people put credentials in front of a bucket.
  if (!BUCKET.test(bucket) || !isPrefix(prefix)) refused(NAME, S3_URL_RULE);
  return { bucket, prefix: prefix === "" ? "" : `${prefix}/` };
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/**
 * Nothing but dots would be a way out of the prefix in a store that keeps its objects as
 * files.
 */
const PREFIX_PART = /^(?!\.+$)[\w.=-]+$/;
/** A key has at most 1024 bytes. */
const LONGEST_PREFIX = 900;
const S3_URL_RULE =
  "it is not s3://bucket/prefix, with a bucket of 3 to 63 lower-case letters, digits, - or ., and a prefix of at most 900 letters, digits, _, -, ., = and single / (credentials are set elsewhere)";

function isPrefix(prefix: string): boolean {
  if (prefix === "") return true;
  return (
    prefix.length <= LONGEST_PREFIX && prefix.split("/").every((part) => PREFIX_PART.test(part))
  );
}

function endpointOf(setting: Setting): string | null {
  const name = setting("AWS_ENDPOINT_URL_S3") === null ? "AWS_ENDPOINT_URL" : "AWS_ENDPOINT_URL_S3";
  const endpoint = setting(name);
  if (endpoint === null) return null;
  const url = URL.parse(endpoint);
  if (url && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "")
    return endpoint;
  return refused(
    name,
    "it is not a URL that begins with http:// or https:// and has no credentials in it",
  );
}
