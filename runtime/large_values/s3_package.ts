/**
 * The packages for a folder in S3, which only its users install. Only npm installs the
 * client with the package of uploads, which imports it: the client is loaded first.
 */
import { loadPackage } from "../../sdk/load_package.ts";

const WHAT = "A folder in S3";

/** @throws DagsmithError PACKAGE_MISSING */
export async function needS3Packages(): Promise<void> {
  await loadPackage(WHAT, "@aws-sdk/client-s3", () => import("@aws-sdk/client-s3"));
  await loadPackage(WHAT, "@aws-sdk/lib-storage", () => import("@aws-sdk/lib-storage"));
}
