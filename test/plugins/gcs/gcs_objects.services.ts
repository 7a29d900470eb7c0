/** Google Cloud Storage as an object store, against fake-gcs-server. */
import { describeWith } from "../../support/counterpart.ts";
import { findFakeGcs, startFakeGcs } from "../../support/fake_gcs.ts";
import { storeContract } from "../../support/store_contract.ts";

async function gcsStore(program: string) {
  const server = await startFakeGcs(program);
  await fetch(`${server.url}/storage/v1/b?project=test`, {
    ...{ method: "POST", headers: { "content-type": "application/json" } },
    body: JSON.stringify({ name: "lake" }),
  });
  const connectionsAt = (api_endpoint: string) => ({
    lake: { type: "google_cloud_platform", extra: { project: "test", api_endpoint } },
  });
  return {
    below: (prefix: string) => `gs://lake/${prefix}`,
    missingUrl: "gs://no-such-bucket",
    connections: connectionsAt(server.url),
    server: { url: server.url, connectionsAt },
    // Uploads that have not ended are in no listing.
    unfinished: async () => 0,
    stop: server.stop,
  };
}

describeWith("GCS as fake-gcs-server", await findFakeGcs(), (program) =>
  storeContract(() => gcsStore(program), {
    ...{ largeBytes: 200 * 1024 * 1024, manyKeys: 1100, keepsAttributes: true, signs: false },
    isRemote: true,
  }),
);
