/** What the client of Azure Blob Storage gets from a connection. */

/** Where the account is, and how to log in. */
export type AzureConfig =
  | { readonly login: "connectionString"; readonly connectionString: string }
  | {
      readonly login: "sharedKey";
      readonly url: string;
      readonly account: string;
      readonly key: string;
    }
  | { readonly login: "sasToken"; readonly url: string; readonly token: string }
  | {
      readonly login: "clientSecret";
      readonly url: string;
      readonly tenantId: string;
      readonly clientId: string;
      readonly secret: string;
    }
  /** The environment, the machine or its workload identity, as Azure's library finds it. */
  | { readonly login: "default"; readonly url: string };

/** Where requests go, for messages. */
export function hostOf(config: AzureConfig): string {
  if (config.login !== "connectionString") return new URL(config.url).host;
  const account = /(?:^|;)AccountName=([^;]+)/i.exec(config.connectionString)?.[1];
  return account ? `the account ${account}` : "the account of the connection string";
}
