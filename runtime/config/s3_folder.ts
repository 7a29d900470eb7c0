/** The folder of large values in a bucket of S3, as the variables of the AWS SDK reach it. */
import { bucketAndPrefix } from "./bucket_url.ts";
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

/** @throws DagsmithError INVALID_ARGUMENT */
export function s3Folder(url: string, setting: Setting): S3Folder {
  const endpoint = endpointOf(setting);
  return {
    ...bucketAndPrefix("s3", url),
    endpoint,
    region: setting("AWS_REGION") ?? setting("AWS_DEFAULT_REGION"),
    pathStyle: trueOrFalse(setting, "DAG_XCOM_S3_PATH_STYLE", endpoint !== null),
  };
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
