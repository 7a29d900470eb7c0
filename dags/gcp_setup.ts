/**
 * What the pipelines of taxi trips need on Google Cloud: a bucket and a dataset, each
 * created if it is absent.
 *
 * Connection: `google`, of type `google_cloud_platform`. Variables, read by
 * `taxi_to_bigquery` too: `gcp_bucket`, `gcp_dataset` (default `zoomcamp`) and
 * `gcp_location` (default `europe-west2`).
 */
import { dag, type TaskContext } from "dagsmith";
import { bigqueryDataset } from "dagsmith/plugins/bigquery";
import { gcsBucket } from "dagsmith/plugins/gcs";

export const google = "google";
export const bucketOf = ({ variable }: TaskContext) => variable("gcp_bucket");
export const datasetOf = ({ variable }: TaskContext) => variable("gcp_dataset", "zoomcamp");
export const locationOf = ({ variable }: TaskContext) => variable("gcp_location", "europe-west2");

const d = dag("gcp_setup", { defaults: { retries: 2, retryDelay: "30s" } });

d.task("bucket", gcsBucket({ gcs: google, bucket: bucketOf, location: locationOf }));
d.task("dataset", bigqueryDataset({ bigquery: google, dataset: datasetOf, location: locationOf }));

export default d;
