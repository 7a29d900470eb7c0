/** Azure Blob Storage as an object store, against Azurite. */
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { AZURITE, findAzurite, startAzurite } from "../../support/azurite.ts";
import { describeWith } from "../../support/counterpart.ts";
import { storeContract } from "../../support/store_contract.ts";

async function azureStore(program: string) {
  const server = await startAzurite(program);
  const credential = new StorageSharedKeyCredential(AZURITE.account, AZURITE.key);
  await new BlobServiceClient(server.url, credential).createContainer("lake");
  const { account: login, key: password } = AZURITE;
  const connectionsAt = (host: string) => ({ lake: { type: "wasb", login, password, host } });
  return {
    below: (prefix: string) => `az://lake/${prefix}`,
    missingUrl: "az://no-such-bucket",
    connections: connectionsAt(server.url),
    server: { url: server.url, connectionsAt },
    // Azure drops parts of uploads that have not ended after a week; no listing has them.
    unfinished: async () => 0,
    stop: server.stop,
  };
}

describeWith("Azure as Azurite", await findAzurite(), (program) =>
  storeContract(() => azureStore(program), {
    ...{ largeBytes: 200 * 1024 * 1024, manyKeys: 1100, keepsAttributes: true, signs: true },
    isRemote: true,
  }),
);
