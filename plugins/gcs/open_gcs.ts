/** Opens a client of Google Cloud Storage. */
import type { Storage } from "@google-cloud/storage";
import { type HookContext, loadPackage } from "dagsmith";
import { type GoogleConfig, GoogleSession, loginOf } from "dagsmith/plugins/google";

const REMEDIES = {
  403: "give the account of the connection the role Storage Object User for the bucket",
  404: "check the name of the bucket",
};

/** Google's client finds the login and signs. */
export async function openGcs(
  config: GoogleConfig,
  { signal, log }: HookContext,
): Promise<{ readonly client: Storage; readonly session: GoogleSession }> {
  const { Storage } = await loadPackage(
    "gcsHook()",
    "@google-cloud/storage",
    () => import("@google-cloud/storage"),
  );
  const [login, apiEndpoint] = [loginOf(config), config.endpoints.storage];
  const client = new Storage({
    ...login,
    ...(apiEndpoint && { apiEndpoint, useAuthWithCustomEndpoint: !isEmpty(login) }),
  });
  const parts = { config, remedies: REMEDIES, signal, log };
  const session = new GoogleSession({ service: "storage", login: client.authClient, ...parts });
  return { client, session };
}

const isEmpty = (login: object): boolean => Object.keys(login).length === 0;
