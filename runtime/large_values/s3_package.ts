/**
 * The package for a folder in S3, which only its users install. It brings the client of S3
 * with it, so that one command installs both.
 */
import { loadPackage } from "../../sdk/load_package.ts";

/** @throws DagsmithError PACKAGE_MISSING */
export async function needS3Package(): Promise<void> {
  const load = () => import("@aws-sdk/lib-storage");
  await loadPackage("A folder in S3", "@aws-sdk/lib-storage", load);
}
