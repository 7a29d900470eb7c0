/** Loads the packages of the AWS SDK, which only users of AWS install. */
import { loadPackage } from "dagsmith";

/**
 * Loads code on the client of S3. Only npm installs the client with the package of
 * uploads, which imports it: the client is loaded first.
 * @throws DagsmithError PACKAGE_MISSING
 */
export async function withS3<Module>(load: () => Promise<Module>): Promise<Module> {
  const what = "The plugin for S3";
  await loadPackage(what, "@aws-sdk/client-s3", () => import("@aws-sdk/client-s3"));
  await loadPackage(what, "@aws-sdk/lib-storage", () => import("@aws-sdk/lib-storage"));
  return load();
}

/**
 * Loads code on the client of Redshift.
 * @throws DagsmithError PACKAGE_MISSING
 */
export const withRedshift = withClient(
  "The plugin for Redshift",
  "@aws-sdk/client-redshift-data",
  () => import("@aws-sdk/client-redshift-data"),
);

/**
 * Loads code on the client of SQS.
 * @throws DagsmithError PACKAGE_MISSING
 */
export const withSqs = withClient(
  "The plugin for SQS",
  "@aws-sdk/client-sqs",
  () => import("@aws-sdk/client-sqs"),
);

/**
 * Loads code on the client of SNS.
 * @throws DagsmithError PACKAGE_MISSING
 */
export const withSns = withClient(
  "The plugin for SNS",
  "@aws-sdk/client-sns",
  () => import("@aws-sdk/client-sns"),
);

function withClient(what: string, name: string, sdk: () => Promise<unknown>) {
  return async <Module>(load: () => Promise<Module>): Promise<Module> => {
    await loadPackage(what, name, sdk);
    return load();
  };
}
