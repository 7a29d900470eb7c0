/** A folder of a bucket, written as a URL: its bucket, and how the keys in it begin. */
import { refused } from "./values.ts";

/** The systems of buckets, as URLs name them: S3, Google Cloud Storage and Azure. */
export type BucketScheme = "s3" | "gs" | "az";

export interface BucketFolder {
  /** A bucket, or a container of Azure. */
  readonly bucket: string;
  /** How every key begins: empty, or with "/" at its end. */
  readonly prefix: string;
}

const BUCKETS: Readonly<Record<BucketScheme, RegExp>> = {
  s3: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  gs: /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/,
  az: /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
};
const RULES: Readonly<Record<BucketScheme, string>> = {
  s3: "s3://bucket/prefix, with a bucket of 3 to 63 lower-case letters, digits, - or .",
  gs: "gs://bucket/prefix, with a bucket of 3 to 222 lower-case letters, digits, -, _ or .",
  az: "az://container/prefix, with a container of 3 to 63 lower-case letters, digits or -",
};
const PREFIX_RULE =
  "and a prefix of at most 900 letters, digits, _, -, ., = and single / (credentials are set elsewhere)";
/**
 * Nothing but dots would be a way out of the prefix in a store that keeps its objects as
 * files.
 */
const PREFIX_PART = /^(?!\.+$)[\w.=-]+$/;
/** A key has at most 1024 bytes. */
const LONGEST_PREFIX = 900;

/**
 * The refusal does not repeat the URL: people put credentials in front of a bucket.
 * @throws DagsmithError INVALID_ARGUMENT
 */
export function bucketAndPrefix(scheme: BucketScheme, url: string): BucketFolder {
  const [, bucket = "", prefix = ""] = /^[^:]+:\/\/([^/]*)\/?(.*?)\/?$/.exec(url) ?? [];
  if (!BUCKETS[scheme].test(bucket) || !isPrefix(prefix))
    refused("DAG_XCOM_FOLDER", `it is not ${RULES[scheme]}, ${PREFIX_RULE}`);
  return { bucket, prefix: prefix === "" ? "" : `${prefix}/` };
}

function isPrefix(prefix: string): boolean {
  if (prefix === "") return true;
  return (
    prefix.length <= LONGEST_PREFIX && prefix.split("/").every((part) => PREFIX_PART.test(part))
  );
}
