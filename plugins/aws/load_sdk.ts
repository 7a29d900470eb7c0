/** Loads the packages of the AWS SDK, which only users of AWS install. */
import { loadPackage } from "dagsmith";

/** The package of uploads brings the client of S3 with it. */
const S3_PACKAGE = "@aws-sdk/lib-storage";
const REDSHIFT_PACKAGE = "@aws-sdk/client-redshift-data";

/**
 * Loads code on the client of S3.
 * @throws DagsmithError PACKAGE_MISSING
 */
export async function withS3<Module>(load: () => Promise<Module>): Promise<Module> {
  await loadPackage("The plugin for S3", S3_PACKAGE, () => import("@aws-sdk/lib-storage"));
  return load();
}

/**
 * Loads code on the client of Redshift.
 * @throws DagsmithError PACKAGE_MISSING
 */
export function withRedshift<Module>(load: () => Promise<Module>): Promise<Module> {
  return loadPackage("The plugin for Redshift", REDSHIFT_PACKAGE, load);
}
